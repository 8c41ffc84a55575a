import { Type } from 'typebox'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { unhurried } from '../../graphql/unhurried.ts'
import { Id } from '../../schemas.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import { MemoryQuery, MemorySchema } from './schema.ts'
import type { MemoryService } from './service.ts'
import { timesCosted } from './write.ts'

export function memoryGraphql(memory: MemoryService, architectures: ArchitectureService): GraphqlFeature {
  return {
    fields: {
      Query: {
        memory: field({
          description: 'What is in memory when, in inference or training, and the largest batch that fits.',
          args: Type.Object({ architectureId: Id, ...MemoryQuery.properties }, { additionalProperties: false }),
          type: Type.Union([MemorySchema, Type.Null()]),
          resolve: async (_parent, { architectureId, ...query }, context) => {
            const row = await context.load(architectures.storedEach, architectureId)
            context.budget.spend(timesCosted(query.device !== undefined || query.bytes !== undefined) * row.layerCount)
            return context.inTurn(() => memory.of(row, query))
          },
        }),
      },
    },
    resolvers: { Memory: { steps: ({ steps }) => unhurried(steps), tensors: ({ tensors }) => unhurried(tensors) } },
  }
}
