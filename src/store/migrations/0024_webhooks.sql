-- Webhooks, and their deliveries: a row for each event of a run and each webhook that asks for it, written in the event's statement
-- (docs/adr/webhooks-by-outbox.md). Nothing refers to other tables, since a webhook that is deleted meanwhile must not refuse a run's change.
CREATE TABLE webhooks (
  id uuid PRIMARY KEY,
  url text NOT NULL,
  description text,
  -- Each a JSON array of texts; no devices are all, no labels are any.
  events jsonb NOT NULL,
  devices jsonb NOT NULL,
  labels jsonb NOT NULL,
  -- As it is, since deliveries are signed with it.
  secret text NOT NULL,
  previous_secret text,
  previous_until timestamp(3) with time zone,
  enabled boolean NOT NULL DEFAULT true,
  disabled_reason text,
  -- Since when no attempt has succeeded; null where the last one did.
  failing_since timestamp(3) with time zone,
  -- While it fails, no attempt before this.
  paused_until timestamp(3) with time zone,
  -- The beginning of the key that made it; null where none was needed.
  created_by text,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE webhook_deliveries (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  webhook_id uuid NOT NULL,
  event text NOT NULL,
  -- The event's run and number; null for a test.
  run_id uuid,
  seq integer,
  status text NOT NULL DEFAULT 'pending' CONSTRAINT webhook_deliveries_status CHECK (status IN ('pending', 'delivered', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  -- From when on it is tried, which bounds for how long.
  tried_since timestamp(3) with time zone NOT NULL DEFAULT now(),
  next_attempt_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  -- Until when the process that makes an attempt has it alone.
  lease_until timestamp(3) with time zone,
  last_attempt_at timestamp(3) with time zone,
  response_status integer,
  duration_ms double precision,
  error text,
  finished_at timestamp(3) with time zone,
  CONSTRAINT webhook_deliveries_finished CHECK ((status = 'pending') = (finished_at IS NULL))
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_attempt_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (created_at, id);
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, created_at, id);
