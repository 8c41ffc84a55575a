import { Type } from 'typebox'
import { ApiError } from '../../errors.ts'
import { connection, connectionArgs, connectionResolvers, connectionTypes } from '../../graphql/connection.ts'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { prices } from '../../graphql/limits.ts'
import { Id } from '../../schemas.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import { Notes, RunHeaders } from '../runs/request-schema.ts'
import type { RunService } from '../runs/service.ts'
import { NewSweep, type SweepAnswer, SweepSchema } from './schema.ts'
import type { SweepService } from './service.ts'

const { links: _links, notes: _notes, points, ...properties } = SweepSchema.properties

export function sweepGraphql(sweeps: SweepService, runs: RunService, architectures: ArchitectureService): GraphqlFeature {
  return {
    types: {
      Sweep: Type.Object({ ...properties, points }, { title: 'Sweep', description: 'One network at several batches.' }),
      ...connectionTypes('Sweep'),
    },
    fields: {
      Query: {
        sweep: field({
          description: 'A batch sweep: its curve and its knee.',
          args: Type.Object({ id: Id }),
          type: 'Sweep',
          resolve: (_parent, { id }, context) => {
            context.budget.spend(prices.run)
            return sweeps.get(id)
          },
        }),
        sweeps: field({
          description: 'Batch sweeps, newest first.',
          args: connectionArgs({}),
          type: 'SweepConnection!',
          resolve: (_parent, args, context) =>
            connection(
              context,
              args,
              (query) => sweeps.list(query),
              () => sweeps.count(),
            ),
        }),
      },
      Sweep: {
        architecture: {
          description: 'The network that is timed; null where it has been deleted.',
          type: 'Architecture',
          resolve: ({ architectureId }: SweepAnswer, _args, context) =>
            context.load(architectures.getEach, architectureId).catch((error: unknown) => {
              if (error instanceof ApiError && error.code === 'ARCHITECTURE_NOT_FOUND') return null
              throw error
            }),
        },
      },
      SweepPoint: {
        run: {
          description: 'The run behind the point.',
          type: 'Run!',
          resolve: ({ runId }: SweepAnswer['points'][number], _args, context) => context.load(runs.getEach, runId),
        },
      },
      Mutation: {
        createSweep: field({
          audit: 'createSweep',
          description:
            'Queues a run for each batch, all or none. The same idempotency key with the same input returns the sweep that it created the first time.',
          args: Type.Object({ input: NewSweep, idempotencyKey: RunHeaders.properties['idempotency-key'] }),
          unchecked: ['input'],
          type: Type.Object(
            { created: Type.Boolean({ description: 'False where the idempotency key had created it before.' }), notes: Notes },
            { title: 'CreatedSweep' },
          ),
          resolve: (_parent, { input, idempotencyKey }, context) => {
            context.budget.spend(prices.run * Math.min(32, (input as NewSweep).batches.length))
            return sweeps.create(input, context.auditLine, idempotencyKey)
          },
        }),
        cancelSweep: field({
          audit: 'cancelSweep',
          description: 'Cancels those runs of a sweep that have not ended.',
          args: Type.Object({ id: Id }),
          type: 'Sweep!',
          resolve: (_parent, { id }, context) => sweeps.cancel(id, context.auditLine),
        }),
      },
      CreatedSweep: { sweep: { description: 'The one queued, now or before.', type: 'Sweep!' } },
    },
    resolvers: connectionResolvers('Sweep'),
  }
}
