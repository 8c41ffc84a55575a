import { type Static, Type } from 'typebox'
import { estimateBases } from '../../../gpu/queue/estimate.ts'
import { Id, nullable, Timestamp } from '../../schemas.ts'
import { ArchitectureName } from '../architectures/schema.ts'
import { RuntimeNameSchema, stateOfDevice } from '../devices/schema.ts'
import { Labels } from '../runs/request-schema.ts'

/** When a result is expected. */
export const Eta = {
  etaMs: nullable(Type.Number({ minimum: 0, description: 'Time until the result is expected; null where no service can run it.' })),
  basis: nullable(
    Type.Enum([...estimateBases], {
      title: 'EstimateBasis',
      description:
        'The basis of the estimate: `progress`, the time of the comparison’s blocks so far; `history`, the time of runs of the same workload on this device; `prediction`, the latency predicted for its network when it was queued; `cost`, multiply-adds at the rate of other networks there; `settings`, warm-up and minimum duration alone. For several runs, the weakest of theirs.',
    }),
  ),
  error: nullable(
    Type.Number({
      minimum: 0,
      description: 'Median relative error of earlier estimates on this basis on this device; null with fewer than three.',
    }),
  ),
  reason: nullable(Type.String({ description: 'Why there is no etaMs, and what to do about it.' })),
}

const entry = {
  runId: Id,
  architectureId: Id,
  architectureName: ArchitectureName,
  runtime: RuntimeNameSchema,
  batch: Type.Integer({ minimum: 1 }),
  priority: Type.Integer(),
  queuedAt: Timestamp,
  labels: Labels,
  ...Eta,
}

export const QueueSchema = Type.Object(
  {
    device: Type.String(),
    deviceUuid: Type.String(),
    host: Type.String(),
    ...stateOfDevice,
    running: nullable(Type.Object({ ...entry, startedAt: Timestamp }, { title: 'RunningEntry' })),
    waiting: Type.Array(Type.Object({ ...entry, position: Type.Integer({ minimum: 1 }) }, { title: 'WaitingEntry' }), {
      description: 'In the order they will run; the first hundred.',
    }),
    waitingCount: Type.Integer({ minimum: 0 }),
  },
  { title: 'DeviceQueue' },
)
export type QueueAnswer = Static<typeof QueueSchema>
export const QueueList = Type.Object({ items: Type.Array(QueueSchema) }, { title: 'QueueList' })
