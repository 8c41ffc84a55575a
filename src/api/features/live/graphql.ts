import { Type } from 'typebox'
import { ApiError } from '../../errors.ts'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import type { RunService } from '../runs/service.ts'
import { type LiveEvent, LiveEventSchema, LiveHeaders, LiveQuery } from './schema.ts'
import type { LiveService } from './service.ts'

export function liveGraphql(live: LiveService, runs: RunService, architectures: ArchitectureService): GraphqlFeature {
  return {
    fields: {
      Subscription: {
        events: field({
          description:
            'Everything that changes: runs, queues, devices, architectures. Begins with `reset`, upon which a client reads what it shows, unless `after` names an event that is still known.',
          args: Type.Object({
            ...LiveQuery.properties,
            after: Type.Optional(
              Type.String({ ...LiveHeaders.properties['last-event-id'], description: 'The id of the last event heard.' }),
            ),
          }),
          type: LiveEventSchema,
          subscribe: ({ after, ...query }, signal) => live.follow(query, after, signal),
        }),
      },
      LiveRun: {
        run: {
          description: 'The run as it is now.',
          type: 'Run!',
          resolve: ({ runId }: NonNullable<LiveEvent['run']>, _args, context) => context.load(runs.getEach, runId),
        },
      },
      LiveArchitecture: {
        architecture: {
          description: 'The architecture; null where it is deleted by now.',
          type: 'Architecture',
          resolve: ({ architectureId }: NonNullable<LiveEvent['architecture']>, _args, context) =>
            context.load(architectures.getEach, architectureId).catch((error: unknown) => {
              if (error instanceof ApiError && error.code === 'ARCHITECTURE_NOT_FOUND') return null
              throw error
            }),
        },
      },
    },
  }
}
