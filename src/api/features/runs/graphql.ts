import { Type } from 'typebox'
import { ApiError } from '../../errors.ts'
import { connection, connectionArgs, connectionResolvers, connectionTypes } from '../../graphql/connection.ts'
import type { GraphqlContext } from '../../graphql/context.ts'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { prices } from '../../graphql/limits.ts'
import { unhurried } from '../../graphql/unhurried.ts'
import { Id } from '../../schemas.ts'
import type { Architecture } from '../architectures/schema.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import { RunComparisonSchema } from './comparison-schema.ts'
import { HistogramQuery, HistogramSchema, ThinnedSchema } from './distribution-schema.ts'
import { type RunEventAnswer, RunEventSchema } from './event-schema.ts'
import { LayerProfileSchema } from './profile-schema.ts'
import { NewRun, Notes, RunHeaders } from './request-schema.ts'
import { CancelledRuns, type RunAnswer, type RunFilterQuery, RunPriority, RunQuery, RunSchema, RunsToCancel } from './schema.ts'
import type { RunService } from './service.ts'

const { links: _links, notes: _notes, ...properties } = RunSchema.properties
const { after: _after, limit: _limit, total: _total, digits: _digits, ...filters } = RunQuery.properties
const { digits: _rounding, ...histogramArgs } = HistogramQuery.properties
const { architectureId: _architectureId, architecture: _architecture, ...filtersOfArchitecture } = filters

export function runGraphql(runs: RunService, architectures: ArchitectureService): GraphqlFeature {
  return {
    types: { Run: Type.Object(properties, { title: 'Run', description: 'One timed inference.' }), ...connectionTypes('Run') },
    fields: {
      Query: {
        run: field({
          description: 'A run.',
          args: Type.Object({ id: Id }),
          type: 'Run',
          resolve: (_parent, { id }, context) => context.load(runs.getEach, id),
        }),
        compareRuns: field({
          description: 'Two finished runs, b against a: the ratio of their times per image, and whether a difference is shown.',
          args: Type.Object({ a: Id, b: Id }),
          type: RunComparisonSchema,
          resolve: (_parent, { a, b }, context) => {
            context.budget.spend(prices.run)
            return runs.compare(a, b)
          },
        }),
        runs: field({
          description: 'Runs, newest first.',
          args: connectionArgs(filters),
          type: 'RunConnection!',
          resolve: (_parent, args, context) =>
            connection(
              context,
              args,
              (query) => runs.list(query as RunQuery),
              ({ after: _, sort: __, order: ___, ...filter }) => runs.count(filter as RunFilterQuery),
            ),
        }),
      },
      Architecture: {
        runs: field({
          description: 'Its runs, newest first.',
          args: connectionArgs(filtersOfArchitecture),
          type: 'RunConnection!',
          resolve: ({ id }: Architecture, args, context) =>
            connection(
              context,
              args,
              (query) => runs.list({ ...query, architectureId: [id] } as RunQuery),
              ({ after: _, sort: __, order: ___, ...filter }) => runs.count({ ...filter, architectureId: [id] } as RunFilterQuery),
            ),
        }),
      },
      Run: {
        architecture: {
          description: 'The network that is timed; null where it has been deleted.',
          type: 'Architecture',
          resolve: ({ architectureId }: RunAnswer, _args, context) =>
            context.load(architectures.getEach, architectureId).catch((error: unknown) => {
              if (error instanceof ApiError && error.code === 'ARCHITECTURE_NOT_FOUND') return null
              throw error
            }),
        },
        layerProfile: {
          description: 'Its layers beside the roofline; only a run with a profile has it.',
          type: Type.Union([LayerProfileSchema, Type.Null()]),
          resolve: async ({ id }: RunAnswer, _args, context) => {
            const profiled = await runs.profiled(id)
            context.budget.spend(profiled.architecture.layerCount)
            return context.inTurn(() => runs.layerProfileOf(profiled))
          },
        },
        histogram: field({
          description: 'Its samples by their size, with quantiles; only a run that succeeded has them.',
          args: Type.Object(histogramArgs),
          type: Type.Union([HistogramSchema, Type.Null()]),
          resolve: ({ id }: RunAnswer, query, context) => {
            context.budget.spend(prices.run)
            return context.inTurn(() => runs.histogram(id, query))
          },
        }),
        thinnedSamples: field({
          description: 'At most so many of its samples, no outlier lost; only a run that succeeded has them.',
          args: Type.Object({ points: Type.Integer({ minimum: 2, maximum: 10_000, description: 'How many at most.' }) }),
          type: Type.Union([ThinnedSchema, Type.Null()]),
          resolve: ({ id }: RunAnswer, { points }, context) => {
            context.budget.spend(prices.run + Math.ceil(points / prices.samplesPerRow))
            return context.inTurn(() => runs.thinned(id, points))
          },
        }),
        samples: field({
          description: 'The timed calls in order, ms; only a run that succeeded has them.',
          args: Type.Object({
            offset: Type.Optional(
              Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, default: 0, description: 'How many to skip at the start.' }),
            ),
            first: Type.Optional(
              Type.Integer({ minimum: 1, maximum: 10_000, default: 10_000, description: 'How many to return at most.' }),
            ),
          }),
          type: '[Float!]',
          resolve: async ({ id }: RunAnswer, { offset = 0, first = 10_000 }, context) => {
            context.budget.spend(Math.ceil(first / prices.samplesPerRow))
            return Array.from(await (await runs.samples(id)).read(offset, first))
          },
        }),
      },
      Mutation: {
        createRun: field({
          audit: 'createRun',
          description:
            'Queues a timed inference run. The same idempotency key with the same input returns the run that it created the first time.',
          args: Type.Object({ input: NewRun, idempotencyKey: RunHeaders.properties['idempotency-key'] }),
          unchecked: ['input'],
          type: Type.Object(
            {
              created: Type.Boolean({
                description: 'False where the idempotency key had created it before, or where it had been measured before.',
              }),
              notes: Notes,
            },
            { title: 'CreatedRun' },
          ),
          resolve: (_parent, { input, idempotencyKey }, context) => {
            context.budget.spend(prices.run)
            return runs.create(input, context.auditLine, idempotencyKey)
          },
        }),
        cancelRuns: field({
          audit: 'cancelRuns',
          description: 'Cancels every run that fits, of those queued before: one that waits at once, one in progress soon.',
          args: Type.Object({ input: RunsToCancel }),
          type: CancelledRuns,
          resolve: (_parent, { input }, context) => runs.cancelMany(input, context.auditLine),
        }),
        setRunPriority: field({
          audit: 'setRunPriority',
          description: 'Gives a waiting run another priority.',
          args: Type.Object({ id: Id, input: RunPriority }),
          type: 'Run!',
          resolve: (_parent, { id, input }, context) => runs.setPriority(id, input.priority, context.auditLine),
        }),
        cancelRun: field({
          audit: 'cancelRun',
          description: 'Cancels a run: a queued one at once; a running one is asked to stop, and its last event tells when it has.',
          args: Type.Object({ id: Id }),
          type: 'Run!',
          resolve: async (_parent, { id }, context) => (await runs.cancel(id, context.auditLine)).run,
        }),
      },
      CreatedRun: { run: { description: 'The one queued, now or before.', type: 'Run!' } },
      Subscription: {
        runEvents: field({
          description: 'The events of a run: first those stored, then new ones as they happen, until the last.',
          args: Type.Object({
            runId: Id,
            afterSeq: Type.Optional(
              Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, default: 0, description: 'Skips events up to this one.' }),
            ),
          }),
          type: RunEventSchema,
          async *subscribe({ runId, afterSeq = 0 }, signal) {
            const events = await runs.events(runId, afterSeq, signal)
            if (events) yield* events
          },
        }),
      },
      RunEvent: {
        run: {
          description: 'The run as it is now.',
          type: 'Run!',
          resolve: ({ runId }: RunEventAnswer, _args, context) => context.load(runs.getEach, runId),
        },
      },
    },
    resolvers: {
      ...connectionResolvers('Run'),
      RunKey: {
        name: ({ id }: { id: string }, _args: unknown, { caller }: GraphqlContext) => runs.keyName(caller, id),
      },
      LayerProfile: { rows: ({ rows }) => unhurried(rows) },
    },
  }
}
