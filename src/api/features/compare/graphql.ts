import { Type } from 'typebox'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { CompareQuery, CostComparisonSchema } from './schema.ts'
import type { CompareService } from './service.ts'

const { digits: _digits, ...args } = CompareQuery.properties

export const compareGraphql = (compare: CompareService): GraphqlFeature => ({
  types: { CostComparison: CostComparisonSchema },
  fields: {
    Query: {
      compareArchitectures: field({
        description: 'Architectures and presets of the zoo side by side, on paper; of two also which layers differ.',
        args: Type.Object(args, { additionalProperties: false }),
        type: 'CostComparison',
        resolve: (_parent, query, context) => context.inTurn(() => compare.compare(query, (layers) => context.budget.spend(layers))),
      }),
    },
  },
})
