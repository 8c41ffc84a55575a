import { type Static, Type } from 'typebox'
import { exampleId, Id, nullable, pageOf, paging, Timestamp, totalOnRequest } from '../../schemas.ts'
import { NewRun, Notes } from '../runs/request-schema.ts'
import { RunSchema, RunStatusSchema, VerdictSchema } from '../runs/schema.ts'

const { batch: _batch, against: _against, rounds: _rounds, ...shared } = NewRun.properties
const Batches = Type.Array(Type.Integer({ minimum: 1, maximum: 65_536 }), {
  minItems: 1,
  maxItems: 32,
  uniqueItems: true,
  examples: [[1, 2, 4, 8, 16]],
  description: 'Images per call, each measured by a run of its own.',
})

export const NewSweep = Type.Object(
  { ...shared, batches: Batches },
  {
    additionalProperties: false,
    title: 'NewSweep',
    description: 'As a run, at several batches.',
    examples: [{ architectureId: exampleId, device: 'cpu', runtime: 'onnxruntime', batches: [1, 2, 4, 8, 16] }],
  },
)
export type NewSweep = Static<typeof NewSweep>

const figure = (description: string) => nullable(Type.Number({ minimum: 0, description }))
/** What the runs of a sweep have in common. */
const ofEachRun = Type.Pick(RunSchema, [
  'architectureId',
  'architectureName',
  'device',
  'deviceUuid',
  'host',
  'runtime',
  'backend',
  'precision',
  'resolution',
  'sizes',
  'weights',
  'settings',
  'labels',
]).properties

export const SweepSchema = Type.Object(
  {
    id: Id,
    ...ofEachRun,
    createdAt: Timestamp,
    status: Type.Enum(['queued', 'running', 'finished'], {
      title: 'SweepStatus',
      description: '`finished` when every run has ended, whether it succeeded or not.',
    }),
    points: Type.Array(
      Type.Object(
        {
          batch: Type.Integer({ minimum: 1 }),
          runId: Id,
          status: RunStatusSchema,
          latencyMs: figure('Median of a call with the whole batch; null until it is known.'),
          msPerImage: figure('The same divided by the batch.'),
          throughputPerSecond: figure('Images per second.'),
          verdict: nullable(VerdictSchema),
        },
        { title: 'SweepPoint' },
      ),
      { description: 'The latency–throughput curve, by rising batch.' },
    ),
    knee: nullable(
      Type.Object(
        { batch: Type.Integer({ minimum: 1 }), latencyMs: Type.Number(), throughputPerSecond: Type.Number() },
        {
          title: 'SweepKnee',
          description:
            'Where more latency stops paying off in throughput (Kneedle); null with fewer than three points, or where throughput still grows.',
        },
      ),
    ),
    notes: Type.Optional(Notes),
    links: Type.Object({ self: Type.String(), architecture: Type.String() }),
  },
  { title: 'Sweep' },
)
export type SweepAnswer = Static<typeof SweepSchema>
export const SweepPage = pageOf(SweepSchema, 'SweepPage')
export const SweepQuery = Type.Object({ ...paging, ...totalOnRequest }, { additionalProperties: false })
export type SweepQuery = Static<typeof SweepQuery>
export const SweepParams = Type.Object({ id: Type.String({ description: 'Id of a sweep.' }) })
