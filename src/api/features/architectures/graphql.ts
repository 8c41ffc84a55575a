import { Type } from 'typebox'
import { GraphSpec } from '../../../engine/verify.ts'
import { connection, connectionArgs, connectionTypes } from '../../graphql/connection.ts'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { prices } from '../../graphql/limits.ts'
import { Id } from '../../schemas.ts'
import { type Architecture, ArchitectureQuery, ArchitectureSchema, GraphSchema, type NewArchitecture } from './schema.ts'
import type { ArchitectureService } from './service.ts'

const { links: _rest, ...properties } = ArchitectureSchema.properties
const { after: _after, limit: _limit, ...filters } = ArchitectureQuery.properties
const { input, inputs, outputs } = GraphSpec.properties

/** GraphQL has no unions of inputs: the forms of `NewArchitecture` in one, and the service says where they mix. */
const NewArchitectureInput = Type.Object(
  {
    name: Type.String({ description: 'Yours to choose; need not be unique.' }),
    input: Type.Optional(Type.Object(input.properties, { title: 'NetworkInput', description: 'The one input, known as "input".' })),
    inputs: Type.Optional(
      Type.Array(Type.Object(inputs.items.properties, { title: 'NamedNetworkInput' }), {
        description: 'Where the network has several inputs.',
      }),
    ),
    layers: Type.Optional(
      Type.Array(Type.Unknown(), {
        description:
          'Objects as over HTTP: {id, type, inputs} and the attributes of the op, e.g. {type: "Conv2d", outChannels: 64, kernelSize: 3}.',
      }),
    ),
    outputs,
    zoo: Type.Optional(
      Type.Object(
        {
          family: Type.Optional(Type.String({ description: 'A family of the zoo, or else a preset.' })),
          preset: Type.Optional(Type.String({ description: 'A preset of the zoo, e.g. resnet50.' })),
          options: Type.Optional(Type.Unknown({ description: 'As zooFamily lists them.' })),
        },
        { title: 'ZooReference' },
      ),
    ),
    keras: Type.Optional(Type.Unknown({ description: 'A Keras model, as model.to_json() writes it.' })),
    tfjs: Type.Optional(Type.Unknown({ description: 'A TensorFlow.js layers model, as model.json holds it.' })),
    inputShape: Type.Optional(
      Type.Array(Type.Integer(), {
        description: 'Beside keras or tfjs, where the model leaves sizes open: as Keras has it, batch left out.',
      }),
    ),
  },
  {
    title: 'NewArchitecture',
    description: 'A graph (input, layers), a network of the zoo (zoo), or a model of another tool (keras, tfjs).',
  },
)

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
        architectures: field({
          description: 'Registered architectures, newest first.',
          args: connectionArgs(filters),
          type: 'ArchitectureConnection!',
          resolve: (_parent, args, context) =>
            connection(
              context,
              args,
              (query) => architectures.list(query as ArchitectureQuery),
              (item: Architecture) => item.createdAt,
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
            return architectures.register(args.input as NewArchitecture)
          },
        }),
        deleteArchitecture: field({
          description: 'Hides the architecture and cancels its queued runs; finished runs keep their figures. Gives back its id.',
          args: Type.Object({ id: Id }),
          type: 'ID!',
          resolve: async (_parent, { id }) => {
            await architectures.delete(id)
            return id
          },
        }),
      },
      RegisteredArchitecture: { architecture: { description: 'The one registered, now or before.', type: 'Architecture!' } },
    },
  }
}
