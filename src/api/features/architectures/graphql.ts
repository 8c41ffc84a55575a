import { Type } from 'typebox'
import { connection, connectionArgs, connectionResolvers, connectionTypes } from '../../graphql/connection.ts'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { prices } from '../../graphql/limits.ts'
import { Id } from '../../schemas.ts'
import { type NewArchitecture, NewArchitectureInput } from './new-architecture.ts'
import { type Architecture, ArchitecturePreviewSchema, ArchitectureQuery, ArchitectureSchema, GraphSchema, UploadQuery } from './schema.ts'
import type { ArchitectureService } from './service.ts'

const { links: _rest, ...properties } = ArchitectureSchema.properties
const { after: _after, limit: _limit, total: _total, ...filters } = ArchitectureQuery.properties

const { preview: _preview, ...uploadArgs } = UploadQuery.properties

export function architectureGraphql(architectures: ArchitectureService): GraphqlFeature {
  return {
    types: {
      Architecture: Type.Object(properties, {
        title: 'Architecture',
        description: 'A registered network: immutable, found by id and by digest.',
      }),
      Graph: GraphSchema,
      ...connectionTypes('Architecture'),
    },
    fields: {
      Query: {
        architecture: field({
          description: 'A registered architecture.',
          args: Type.Object({ id: Id }),
          type: 'Architecture',
          resolve: (_parent, { id }, context) => context.load(architectures.getEach, id),
        }),
        architecturePreview: field({
          description: 'What would be registered and what it costs; nothing is.',
          args: Type.Object({ input: NewArchitectureInput }),
          unchecked: ['input'],
          type: Type.Union([ArchitecturePreviewSchema, Type.Null()]),
          resolve: (_parent, args, context) => {
            context.budget.spend(prices.registration)
            return architectures.preview(args.input as NewArchitecture)
          },
        }),
        onnxUploadUrl: {
          description:
            'Where an ONNX file is registered: a path on this service that takes it as the body of a POST, as application/octet-stream, or with the fields name and file of multipart/form-data.',
          args: Type.Object(uploadArgs, { additionalProperties: false }),
          type: 'String!',
          resolve: (_parent, query: UploadQuery) =>
            ['/v1/architectures', new URLSearchParams(query as Record<string, string>)].filter((part) => String(part) !== '').join('?'),
        },
        architectures: field({
          description: 'Registered architectures, newest first.',
          args: connectionArgs(filters),
          type: 'ArchitectureConnection!',
          resolve: (_parent, args, context) =>
            connection(
              context,
              args,
              (query) => architectures.list(query as ArchitectureQuery),
              ({ after: _, sort: __, order: ___, ...filter }) => architectures.count(filter),
            ),
        }),
      },
      Architecture: {
        graph: {
          description: 'The verified graph.',
          type: 'Graph!',
          resolve: async ({ id }: Architecture, _args, context) => {
            const row = await context.load(architectures.storedEach, id)
            context.budget.spend(row.layerCount)
            return JSON.parse((await context.inTurn(() => architectures.graphOf(row))).toString('utf8'))
          },
        },
      },
      Mutation: {
        registerArchitecture: field({
          audit: 'registerArchitecture',
          description:
            'Registers a graph of layers, a network of the zoo, or a model of Keras or TF.js. The same content and name again give the same architecture.',
          args: Type.Object({ input: NewArchitectureInput }),
          unchecked: ['input'],
          type: Type.Object(
            { created: Type.Boolean({ description: 'False where it was registered before.' }) },
            { title: 'RegisteredArchitecture' },
          ),
          resolve: async (_parent, args, context) => {
            context.budget.spend(prices.registration)
            return architectures.register(args.input as NewArchitecture, context.auditLine)
          },
        }),
        deleteArchitecture: field({
          audit: 'deleteArchitecture',
          description: 'Hides the architecture and cancels its queued runs; finished runs keep their results. Gives back its id.',
          args: Type.Object({ id: Id }),
          type: 'ID!',
          resolve: async (_parent, { id }, context) => {
            await architectures.delete(id, context.auditLine)
            return id
          },
        }),
      },
      RegisteredArchitecture: { architecture: { description: 'The one registered, now or before.', type: 'Architecture!' } },
    },
    resolvers: connectionResolvers('Architecture'),
  }
}
