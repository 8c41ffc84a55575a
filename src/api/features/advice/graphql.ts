import { Type } from 'typebox'
import { advisable } from '../../../engine/advice/advise.ts'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { Id } from '../../schemas.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import { AdviceQuery, AdviceSchema } from './schema.ts'
import type { AdviceService } from './service.ts'

// Figures over GraphQL are exact: a program reads them.
const { digits: _digits, ...args } = AdviceQuery.properties

export function adviceGraphql(advice: AdviceService, architectures: ArchitectureService): GraphqlFeature {
  return {
    fields: {
      Query: {
        advice: field({
          description: 'What dominates the cost of an architecture, and what would be cheaper.',
          args: Type.Object({ architectureId: Id, ...args }, { additionalProperties: false }),
          type: Type.Union([AdviceSchema, Type.Null()]),
          resolve: async (_parent, { architectureId, ...query }, context) => {
            const row = await context.load(architectures.storedEach, architectureId)
            // The network is costed for each rewrite that is tried.
            context.budget.spend(advisable.length * row.layerCount)
            return context.inTurn(() => advice.of(row, query))
          },
        }),
      },
    },
  }
}
