/** The tables of webhooks and their deliveries. */
import { moment } from './columns.ts'
import { boolean, doublePrecision, integer, jsonb, pgTable, sql, text, uuid } from './drizzle.ts'

export const deliveryStatuses = ['pending', 'delivered', 'failed'] as const
export type DeliveryStatus = (typeof deliveryStatuses)[number]

export const webhooks = pgTable('webhooks', {
  id: uuid('id').primaryKey(),
  url: text('url').notNull(),
  description: text('description'),
  events: jsonb('events').$type<string[]>().notNull(),
  /** By name, host/name or UUID; none: all. */
  devices: jsonb('devices').$type<string[]>().notNull(),
  /** `name` or `name=text`, all of which a run must have. */
  labels: jsonb('labels').$type<string[]>().notNull(),
  /** `whsec_` and base64. Read where a delivery is signed, and nowhere else. */
  secret: text('secret').notNull(),
  /** The one before it, which signs as well until `previousUntil`. */
  previousSecret: text('previous_secret'),
  previousUntil: moment('previous_until'),
  enabled: boolean('enabled').notNull().default(true),
  disabledReason: text('disabled_reason'),
  /** Since when no attempt has succeeded; null where the last one did. */
  failingSince: moment('failing_since'),
  /** While it fails, no attempt before this. */
  pausedUntil: moment('paused_until'),
  /** The beginning of the key that made it; null where none was needed. */
  createdBy: text('created_by'),
  createdAt: moment('created_at').notNull().default(sql`now()`),
})

export const webhookDeliveries = pgTable('webhook_deliveries', {
  /** Also the message's id, the same in every attempt. */
  id: uuid('id').primaryKey().default(sql`gen_random_uuid()`),
  webhookId: uuid('webhook_id').notNull(),
  event: text('event').notNull(),
  /** The event's run and number; null for a test. */
  runId: uuid('run_id'),
  seq: integer('seq'),
  status: text('status').$type<DeliveryStatus>().notNull().default('pending'),
  /** Attempts begun. Together with the id it names one attempt. */
  attempts: integer('attempts').notNull().default(0),
  createdAt: moment('created_at').notNull().default(sql`now()`),
  /** From when on it is tried, which bounds for how long. */
  triedSince: moment('tried_since').notNull().default(sql`now()`),
  nextAttemptAt: moment('next_attempt_at').notNull().default(sql`now()`),
  /** Until when the process that makes an attempt has it alone. */
  leaseUntil: moment('lease_until'),
  lastAttemptAt: moment('last_attempt_at'),
  /** Of the last attempt; null where no answer came. */
  responseStatus: integer('response_status'),
  durationMs: doublePrecision('duration_ms'),
  error: text('error'),
  finishedAt: moment('finished_at'),
})

/** A webhook without its secrets. */
export type Webhook = Omit<typeof webhooks.$inferSelect, 'secret' | 'previousSecret' | 'previousUntil'>
export type WebhookDelivery = typeof webhookDeliveries.$inferSelect
