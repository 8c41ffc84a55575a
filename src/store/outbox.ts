/**
 * The outbox of webhooks: deliveries are rows that the statement of an event writes, so that one is there exactly where its event is,
 * whatever ends the process then (docs/adr/webhooks-by-outbox.md).
 */
import { type SQL, sql } from './drizzle.ts'
import { isFinal, runStatuses } from './schema.ts'

/** The events of a run that webhooks can ask for: all but those of its progress. */
export const webhookEvents = ['queued', 'started', 'requeued', 'reprioritized', ...runStatuses.filter(isFinal)] as const
export type WebhookEvent = (typeof webhookEvents)[number]
export const isWebhookEvent = (type: string): type is WebhookEvent => (webhookEvents as readonly string[]).includes(type)

/** Whether the device of `run` is one that `webhook` names: by name, host/name or UUID, in any case. */
const ofDevice = sql`(webhook.devices = '[]'::jsonb OR EXISTS (
  SELECT 1 FROM jsonb_array_elements_text(webhook.devices) AS wanted (device)
  WHERE lower(wanted.device) IN (lower(run.device), lower(run.host || '/' || run.device), lower(run.device_uuid))))`

/** Whether `run` has every label of `webhook`. */
const labeled = sql`NOT EXISTS (
  SELECT 1 FROM jsonb_array_elements_text(webhook.labels) AS wanted (label)
  WHERE NOT CASE strpos(wanted.label, '=')
    WHEN 0 THEN jsonb_exists(run.labels, wanted.label)
    ELSE run.labels @> jsonb_build_object(left(wanted.label, strpos(wanted.label, '=') - 1), substr(wanted.label, strpos(wanted.label, '=') + 1))
  END)`

/** Part of a statement: adds a delivery for each run of `written`, whose event has this type, and each webhook that asks for it. */
export const addDeliveries = (type: WebhookEvent): SQL => sql`
  INSERT INTO webhook_deliveries (webhook_id, event, run_id, seq)
  SELECT webhook.id, ${type}::text, run.id, run.last_seq
  FROM written run CROSS JOIN webhooks webhook
  WHERE webhook.enabled AND jsonb_exists(webhook.events, ${type}::text) AND ${ofDevice} AND ${labeled}
  RETURNING webhook_id`
