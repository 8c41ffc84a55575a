import { type Static, Type } from 'typebox'
import { deliveryStatuses, previousSecretHours, webhookEvents } from '../../../store/index.ts'
import { anyOf, exampleId, Id, nullable, pageOf, paging, Timestamp, totalOnRequest } from '../../schemas.ts'

export const WebhookEventSchema = Type.Enum([...webhookEvents], {
  title: 'WebhookEvent',
  description: 'An event of a run that a webhook can be told of: those of its event stream but progress.',
  enumDescriptions: {
    queued: 'It was queued.',
    started: 'It was started.',
    requeued: 'It waits again: the service stopped, or its device went or was paused.',
    reprioritized: 'It waits with another priority.',
    succeeded: 'It was measured: with verdict and latencies.',
    failed: 'It failed.',
    cancelled: 'It was cancelled.',
    timedOut: 'It took longer than it may.',
  },
})

const DeliveryStatusSchema = Type.Enum([...deliveryStatuses], {
  title: 'DeliveryStatus',
  description: 'What became of a delivery.',
  enumDescriptions: {
    pending: 'It waits for its first attempt, or another one.',
    delivered: 'The receiver answered with a status of 200 to 299.',
    failed: 'It was tried for as long as deliveries are, and given up.',
  },
})

const parts = {
  url: Type.String({
    minLength: 1,
    maxLength: 2000,
    description: 'Where deliveries go: https, and a public address unless WEBHOOK_ALLOW_HOSTS allows others.',
    examples: ['https://hooks.example/archmeter'],
  }),
  events: Type.Array(WebhookEventSchema, { minItems: 1, maxItems: 20, uniqueItems: true, description: 'Those that it is told of.' }),
  device: Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
    maxItems: 50,
    description: 'Only of runs on any of these devices: name, host/name or UUID. Empty: of all.',
  }),
  label: Type.Array(Type.String({ minLength: 1, maxLength: 330 }), {
    maxItems: 50,
    description: 'Only of runs with every one of these labels: `name` or `name=text`. Empty: of all.',
  }),
  description: Type.String({ maxLength: 200, description: 'What it is for.', examples: ['the lab’s chat'] }),
}
const { url, events, device, label, description } = parts

export const NewWebhook = Type.Object(
  { url, events, device: Type.Optional(device), label: Type.Optional(label), description: Type.Optional(description) },
  {
    title: 'NewWebhook',
    description: 'Who is to be told of which events of runs.',
    additionalProperties: false,
    examples: [{ url: 'https://hooks.example/archmeter', events: ['succeeded', 'failed', 'timedOut'], label: ['branch=main'] }],
  },
)
export type NewWebhook = Static<typeof NewWebhook>

export const WebhookChange = Type.Object(
  {
    url: Type.Optional(url),
    events: Type.Optional(events),
    device: Type.Optional(device),
    label: Type.Optional(label),
    description: Type.Optional(description),
    enabled: Type.Optional(
      Type.Boolean({
        description: 'False: nothing is delivered, and events from then on are not kept for it. True: also what still waits.',
      }),
    ),
  },
  {
    title: 'WebhookChange',
    description: 'What is to change of a webhook; what is left out stays.',
    additionalProperties: false,
    minProperties: 1,
    examples: [{ enabled: true }],
  },
)
export type WebhookChange = Static<typeof WebhookChange>

const moment = (text: string) => nullable(Type.String({ format: 'date-time', description: text }))

export const WebhookSchema = Type.Object(
  {
    id: Id,
    ...parts,
    enabled: Type.Boolean({ description: 'False: nothing is delivered.' }),
    disabledReason: nullable(Type.String({ description: 'Why it is disabled: by an admin, or since it failed for long.' })),
    failingSince: moment('Since when no attempt has succeeded; null where the last one did.'),
    createdBy: nullable(
      Type.String({ description: 'The beginning of the key that made it; null without one.', examples: ['amk_0a1b2c3d'] }),
    ),
    createdAt: Timestamp,
  },
  { title: 'Webhook', description: 'Who is told of which events of runs.' },
)
export type WebhookAnswer = Static<typeof WebhookSchema>
export const WebhookList = Type.Object({ items: Type.Array(WebhookSchema) }, { title: 'WebhookList' })

export const MadeWebhook = Type.Object(
  {
    ...WebhookSchema.properties,
    secret: Type.String({
      description: `With which deliveries are signed (standardwebhooks.com). Shown this once; one before it signs as well for ${previousSecretHours} hours.`,
      examples: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    }),
  },
  { title: 'MadeWebhook', description: 'A webhook with its secret.' },
)
export type MadeWebhook = Static<typeof MadeWebhook>

export const DeliverySchema = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'Also the header webhook-id, the same in every attempt.', examples: [exampleId] }),
    webhookId: Type.String({ ...Id, description: 'The webhook that is told.' }),
    event: Type.String({ description: 'The event told of, or `test`.', examples: ['succeeded'] }),
    runId: nullable(Type.String({ format: 'uuid', description: 'The run told of; null for a test.' })),
    seq: nullable(Type.Integer({ minimum: 1, description: 'Number of the event within the run; null for a test.' })),
    status: DeliveryStatusSchema,
    attempts: Type.Integer({ minimum: 0, description: 'Attempts begun.' }),
    createdAt: Timestamp,
    lastAttemptAt: moment('When the last attempt began.'),
    nextAttemptAt: moment('When it is due next at the earliest, once its webhook is enabled; null where it has ended.'),
    finishedAt: moment('When it ended.'),
    responseStatus: nullable(Type.Integer({ description: 'HTTP status of the last answer; null where none came.' })),
    durationMs: nullable(Type.Number({ minimum: 0, description: 'Of the last attempt, ms.' })),
    error: nullable(Type.String({ description: 'Why the last attempt failed.' })),
  },
  { title: 'WebhookDelivery', description: 'An event told to a webhook, and what became of it.' },
)
export type DeliveryAnswer = Static<typeof DeliverySchema>
export const DeliveryPage = pageOf(DeliverySchema, 'WebhookDeliveryPage')

export const DeliveryQuery = Type.Object(
  {
    ...paging,
    ...totalOnRequest,
    webhookId: anyOf(Id, 'To any of these webhooks.'),
    runId: anyOf(Id, 'Of any of these runs.'),
    status: anyOf(DeliveryStatusSchema, 'In any of these states.'),
    event: anyOf(Type.String({ pattern: '^[A-Za-z]{1,40}$', examples: ['succeeded'] }), 'Of any of these events; `test` for tests.'),
  },
  { additionalProperties: false },
)
export type DeliveryQuery = Static<typeof DeliveryQuery>
export type DeliveryFilterQuery = Omit<DeliveryQuery, 'after' | 'limit' | 'total'>
