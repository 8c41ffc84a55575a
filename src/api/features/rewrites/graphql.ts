import { Type } from 'typebox'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { prices } from '../../graphql/limits.ts'
import { unhurried } from '../../graphql/unhurried.ts'
import { Id } from '../../schemas.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import { NewRewrite, RewritePreviewQuery, RewriteResultSchema, RewriteSchema } from './schema.ts'
import { listRewrites, type RewriteService } from './service.ts'

const { preview: _preview, ...registered } = NewRewrite.properties
const { architecture: _architecture, ...result } = RewriteResultSchema.properties

export function rewriteGraphql(rewrites: RewriteService, architectures: ArchitectureService): GraphqlFeature {
  return {
    types: {
      Rewrite: RewriteSchema,
      RewriteResult: Type.Object(result, { title: 'RewriteResult', description: 'A network beside what a recipe makes of it.' }),
    },
    fields: {
      Query: {
        rewrites: { description: 'The rewrites that can be asked for.', type: '[Rewrite!]!', resolve: listRewrites },
        rewritePreview: field({
          description: 'What a recipe would make of an architecture; nothing is registered.',
          args: Type.Object({ architectureId: Id, ...RewritePreviewQuery.properties }, { additionalProperties: false }),
          type: 'RewriteResult',
          resolve: async (_parent, { architectureId, ...query }, context) => {
            const row = await context.load(architectures.storedEach, architectureId)
            context.budget.spend(2 * row.layerCount)
            return context.inTurn(() => rewrites.preview(row, query))
          },
        }),
      },
      RewriteResult: { architecture: { description: 'The new architecture; null in a preview.', type: 'Architecture' } },
      Mutation: {
        rewriteArchitecture: field({
          audit: 'rewriteArchitecture',
          description: 'Applies a recipe to an architecture and registers the result, which remembers its parent and the recipe.',
          args: Type.Object({ id: Id, input: Type.Object(registered, { title: 'NewRewrite', additionalProperties: false }) }),
          type: 'RewriteResult!',
          resolve: async (_parent, { id, input }, context) => {
            const row = await context.load(architectures.storedEach, id)
            context.budget.spend(prices.registration + 2 * row.layerCount)
            return (await rewrites.register(row, input, context.auditLine)).result
          },
        }),
      },
    },
    resolvers: { RewriteResult: { layers: ({ layers }) => unhurried(layers) } },
  }
}
