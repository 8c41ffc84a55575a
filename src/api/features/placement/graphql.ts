import { Type } from 'typebox'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { Id } from '../../schemas.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import { PlacementQuery, PlacementSchema } from './schema.ts'
import type { PlacementService } from './service.ts'
import { timesPlaced } from './write.ts'

export function placementGraphql(placement: PlacementService, architectures: ArchitectureService): GraphqlFeature {
  return {
    fields: {
      Query: {
        placement: field({
          description: 'The network split over devices: what each computes and holds, and what goes between them.',
          args: Type.Object({ architectureId: Id, ...PlacementQuery.properties }, { additionalProperties: false }),
          type: Type.Union([PlacementSchema, Type.Null()]),
          resolve: async (_parent, { architectureId, ...query }, context) => {
            const row = await context.load(architectures.storedEach, architectureId)
            context.budget.spend(timesPlaced * row.layerCount)
            return context.inTurn(() => placement.of(row, query))
          },
        }),
      },
    },
  }
}
