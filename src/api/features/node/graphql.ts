import { Type } from 'typebox'
import { ApiError } from '../../errors.ts'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { prices } from '../../graphql/limits.ts'
import { Id } from '../../schemas.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import type { RunService } from '../runs/service.ts'
import type { SweepService } from '../sweeps/service.ts'

/** Relay's object identification: ids are UUIDs, so one names one object whatever its type. */
export function nodeGraphql(architectures: ArchitectureService, runs: RunService, sweeps: SweepService): GraphqlFeature {
  return {
    interfaces: {
      Node: {
        description: 'What has an id of its own. The ids of all types are one set: an id names one object.',
        fields: { id: { description: 'Names it among everything that has an id.', type: 'ID!' } },
        of: ['Architecture', 'Run', 'Sweep'],
      },
    },
    fields: {
      Query: {
        node: field({
          description:
            'The architecture, run or sweep with this id, the same id that `architecture`, `run` and `sweep` take; null where there is none.',
          args: Type.Object({ id: Id }),
          type: 'Node',
          resolve: async (_parent, { id }, context) => {
            context.budget.spend(prices.run)
            const [architecture, run] = await Promise.all([
              context.load(architectures.getEach, id).catch(absent('ARCHITECTURE_NOT_FOUND')),
              context.load(runs.getEach, id).catch(absent('RUN_NOT_FOUND')),
            ])
            if (architecture) return { __typename: 'Architecture', ...architecture }
            if (run) return { __typename: 'Run', ...run }
            const sweep = await sweeps.get(id).catch(absent('SWEEP_NOT_FOUND'))
            return sweep && { __typename: 'Sweep', ...sweep }
          },
        }),
      },
    },
  }
}

/** Null in place of the error that says there is no such object. */
const absent = (code: string) => (error: unknown) => {
  if (error instanceof ApiError && error.code === code) return null
  throw error
}
