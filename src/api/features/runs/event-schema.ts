import { type Static, Type } from 'typebox'
import { Id, Timestamp } from '../../schemas.ts'

export const EventHeaders = Type.Object({
  'last-event-id': Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$', examples: ['17'], description: 'Only events after this one.' })),
})

export const RunEventSchema = Type.Object(
  {
    runId: Id,
    seq: Type.Integer({ minimum: 1, description: '1, 2, 3 … without gaps.' }),
    type: Type.String({
      description: '`queued`, `started`, `phase`, `progress`, `requeued`, `reprioritized`, or the final status.',
    }),
    data: Type.Object({}, { additionalProperties: true }),
    at: Timestamp,
  },
  { title: 'RunEvent' },
)
export type RunEventAnswer = Static<typeof RunEventSchema>

/** One server-sent event as clients get it, its lines by name. */
export const RunEventMessage = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9]+$', description: 'The event’s `seq`: what Last-Event-ID sends back.' }),
    event: Type.String({ description: 'The event’s `type`.' }),
    data: Type.String({ contentMediaType: 'application/json', contentSchema: RunEventSchema, description: 'A RunEvent as JSON.' }),
  },
  { title: 'RunEventMessage' },
)
