import type { GraphqlContext } from '../../graphql/context.ts'
import type { GraphqlFeature } from '../../graphql/feature.ts'
import type { RunService } from '../runs/service.ts'
import { QueueList } from './schema.ts'
import type { QueueService } from './service.ts'

export function queueGraphql(queue: QueueService, runs: RunService): GraphqlFeature {
  const run = {
    description: 'The run itself.',
    type: 'Run!',
    resolve: ({ runId }: { runId: string }, _args: unknown, context: GraphqlContext) => context.load(runs.getEach, runId),
  }
  return {
    fields: {
      Query: {
        queue: { description: 'What runs and what waits on each device.', type: QueueList.properties.items, resolve: () => queue.list() },
      },
      RunningEntry: { run },
      WaitingEntry: { run },
    },
  }
}
