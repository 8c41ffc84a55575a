import { type Static, Type } from 'typebox'
import { Id, nullable, Timestamp } from '../../schemas.ts'
import { RuntimeNameSchema } from '../devices/schema.ts'

const entry = {
  runId: Id,
  architectureId: Id,
  runtime: RuntimeNameSchema,
  batch: Type.Integer({ minimum: 1 }),
  priority: Type.Integer(),
  queuedAt: Timestamp,
  etaMs: Type.Number({ minimum: 0, description: 'Until the result is expected: from what such runs took before, or from their settings.' }),
}

export const QueueSchema = Type.Object(
  {
    device: Type.String(),
    deviceUuid: Type.String(),
    host: Type.String(),
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
