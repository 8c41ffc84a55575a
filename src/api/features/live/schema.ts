import { type Static, Type } from 'typebox'
import { anyOf, Id, nullable, Timestamp } from '../../schemas.ts'
import { ArchitectureName } from '../architectures/schema.ts'
import { DeviceSchema, RuntimeNameSchema } from '../devices/schema.ts'
import { QueueSchema } from '../queue/schema.ts'
import { Labels } from '../runs/request-schema.ts'
import { RunStatusSchema, VerdictSchema } from '../runs/schema.ts'

export const liveEventTypes = ['reset', 'run', 'progress', 'queue', 'device', 'architecture'] as const
export type LiveEventType = (typeof liveEventTypes)[number]
const LiveEventTypeSchema = Type.Enum([...liveEventTypes], {
  title: 'LiveEventType',
  description: 'What an event tells of. `reset` comes to everybody, whatever was asked for.',
  enumDescriptions: {
    reset: 'Events were missed, or this is the beginning: read what is shown anew.',
    run: 'A run was queued or started, waits again, or ended.',
    progress: 'How far a run in progress is.',
    queue: 'What runs and what waits on a device changed, or whether it starts what waits.',
    device: 'A device came, changed or went.',
    architecture: 'An architecture was registered or deleted.',
  },
})

export const LiveRunSchema = Type.Object(
  {
    runId: Id,
    seq: Type.Integer({ minimum: 1, description: 'Number of the event within the run.' }),
    event: Type.String({
      description: '`queued`, `started`, `phase`, `progress`, `requeued`, `reprioritized`, or the status that ended it.',
    }),
    data: Type.Object({}, { additionalProperties: true, description: 'What the event says, as in the events of the run.' }),
    status: RunStatusSchema,
    verdict: nullable(VerdictSchema),
    device: Type.String({ description: 'Name on its host.', examples: ['cpu:0'] }),
    deviceUuid: Type.String({ description: 'By which its queue goes.' }),
    host: Type.String({ description: 'Of the device.' }),
    runtime: RuntimeNameSchema,
    batch: Type.Integer({ minimum: 1, description: 'Images per call.' }),
    labels: Labels,
    architectureId: Id,
    architectureName: ArchitectureName,
  },
  { title: 'LiveRun', description: 'An event of a run, and what the run is by now.' },
)

const LiveDeviceSchema = Type.Object(
  {
    change: Type.Enum(['appeared', 'changed', 'vanished'], {
      title: 'DeviceChange',
      description: 'What became of a device.',
      enumDescriptions: {
        appeared: 'It is there now.',
        changed: 'What works on it, its driver, or whether it is paused, is another now.',
        vanished: 'It is gone, or no service that is alive offers it.',
      },
    }),
    device: DeviceSchema,
  },
  { title: 'LiveDevice', description: 'A device that came, changed or went.' },
)

const LiveArchitectureSchema = Type.Object(
  {
    change: Type.Enum(['registered', 'deleted'], {
      title: 'ArchitectureChange',
      description: 'What became of an architecture.',
      enumDescriptions: { registered: 'It is there now.', deleted: 'It is listed no more.' },
    }),
    architectureId: Id,
    name: Type.String({ description: 'Its name.' }),
    layers: Type.Integer({ minimum: 0, description: 'How many it has.' }),
    params: Type.Integer({ minimum: 0, description: 'Its parameters.' }),
    macs: Type.Integer({ minimum: 0, description: 'Multiply-accumulates for one image.' }),
  },
  { title: 'LiveArchitecture', description: 'An architecture that came or went.' },
)

export const LiveEventSchema = Type.Object(
  {
    id: Type.String({ description: 'Send back as Last-Event-ID, or as `after`, to hear what came since.', examples: ['5f0c1c9e2b7a-17'] }),
    type: LiveEventTypeSchema,
    at: Timestamp,
    reason: nullable(Type.String({ description: 'Of `reset` only: why.' })),
    run: nullable(LiveRunSchema),
    queue: nullable(QueueSchema),
    device: nullable(LiveDeviceSchema),
    architecture: nullable(LiveArchitectureSchema),
  },
  {
    title: 'LiveEvent',
    description: 'Something that changed. Of `run`, `queue`, `device` and `architecture` the one that its type tells of is there.',
  },
)
export type LiveEvent = Static<typeof LiveEventSchema>

/** What a listener wants to hear. Of each part that is given, one value must fit; labels must all be there. */
export const LiveQuery = Type.Object(
  {
    type: anyOf(LiveEventTypeSchema, 'Only these types.'),
    device: anyOf(
      Type.String({ minLength: 1, maxLength: 300 }),
      'Only of these devices, by name, host/name or UUID: their runs, their queues, themselves.',
    ),
    run: anyOf(Id, 'Only of these runs.'),
    label: anyOf(Type.String({ minLength: 1, maxLength: 330 }), 'Only of runs with every one of these labels: `name` or `name=text`.'),
  },
  { additionalProperties: false },
)
export type LiveQuery = Static<typeof LiveQuery>

export const LiveHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      maxLength: 100,
      examples: ['5f0c1c9e2b7a-17'],
      description: 'What came after this event; one that is not known any more begins with `reset`.',
    }),
  ),
})

/** One server-sent event as clients get it, its lines by name. */
export const LiveEventMessage = Type.Object(
  {
    id: Type.String({ description: 'The event’s `id`: what Last-Event-ID sends back.' }),
    event: Type.String({ description: 'The event’s `type`.' }),
    data: Type.String({ contentMediaType: 'application/json', contentSchema: LiveEventSchema, description: 'A LiveEvent as JSON.' }),
  },
  { title: 'LiveEventMessage', description: 'A LiveEvent as a server-sent event.' },
)
