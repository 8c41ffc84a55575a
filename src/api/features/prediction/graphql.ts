import { Type } from 'typebox'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { Id } from '../../schemas.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import { PredictionQuery, PredictionSchema } from './schema.ts'
import type { PredictionService } from './service.ts'

export function predictionGraphql(prediction: PredictionService, architectures: ArchitectureService): GraphqlFeature {
  return {
    fields: {
      Query: {
        prediction: field({
          description: 'The latency of an architecture on a device, learnt from other runs there.',
          args: Type.Object({ architectureId: Id, ...PredictionQuery.properties }, { additionalProperties: false }),
          type: Type.Union([PredictionSchema, Type.Null()]),
          resolve: async (_parent, { architectureId, ...query }, context) => {
            const row = await context.load(architectures.storedEach, architectureId)
            context.budget.spend(row.layerCount)
            return context.inTurn(() => prediction.of(row, query))
          },
        }),
      },
    },
  }
}
