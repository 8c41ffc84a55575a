-- Architectures are immutable; deleting hides them, since finished runs still point at them.
CREATE TABLE architectures (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  digest text NOT NULL,
  source json NOT NULL,
  -- JSON, gzip, base64: src/store/packed.ts
  graph text NOT NULL,
  layer_count integer NOT NULL,
  params bigint NOT NULL,
  macs bigint NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  deleted_at timestamp(3) with time zone
);
-- The same content under the same name is the same architecture.
CREATE UNIQUE INDEX architectures_digest_name ON architectures (digest, name) WHERE deleted_at IS NULL;
CREATE INDEX architectures_by_time ON architectures (created_at DESC, id DESC) WHERE deleted_at IS NULL;

CREATE TABLE runs (
  id uuid PRIMARY KEY,
  architecture_id uuid NOT NULL REFERENCES architectures (id),
  device text NOT NULL,
  device_uuid text NOT NULL,
  host text NOT NULL,
  runtime text NOT NULL,
  batch integer NOT NULL,
  precision text NOT NULL,
  resolution json,
  profile boolean NOT NULL,
  timeout_ms integer NOT NULL,
  priority integer NOT NULL,
  labels jsonb NOT NULL,
  settings json NOT NULL,
  workload text NOT NULL,
  status text NOT NULL CONSTRAINT runs_status CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'timedOut')),
  attempt integer NOT NULL DEFAULT 0,
  owner text,
  lease_until timestamp(3) with time zone,
  queued_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  started_at timestamp(3) with time zone,
  finished_at timestamp(3) with time zone,
  cancel_requested_at timestamp(3) with time zone,
  result json,
  certificate json,
  environment json,
  error json,
  idempotency_key text CONSTRAINT runs_idempotency_key UNIQUE,
  request_hash text,
  last_seq integer NOT NULL DEFAULT 0,
  -- A running run has an owner with a lease; no other has.
  CONSTRAINT runs_owned CHECK ((status = 'running') = (owner IS NOT NULL) AND (owner IS NULL) = (lease_until IS NULL)),
  CONSTRAINT runs_finished CHECK ((status IN ('queued', 'running')) = (finished_at IS NULL))
);
-- No measurement disturbs another: the database itself refuses a second running run on a device.
CREATE UNIQUE INDEX runs_one_running_per_device ON runs (device_uuid) WHERE status = 'running';
CREATE INDEX runs_waiting ON runs (device_uuid, priority DESC, queued_at, id) WHERE status = 'queued';
CREATE INDEX runs_by_time ON runs (queued_at DESC, id DESC);
CREATE INDEX runs_by_architecture ON runs (architecture_id, queued_at DESC, id DESC);
CREATE INDEX runs_history ON runs (device_uuid, workload, finished_at DESC) WHERE status = 'succeeded';
CREATE INDEX runs_labels ON runs USING gin (labels);

CREATE TABLE run_events (
  run_id uuid NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  seq integer NOT NULL,
  type text NOT NULL,
  data json NOT NULL,
  at timestamp(3) with time zone NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, seq)
);

CREATE TABLE run_samples (
  run_id uuid PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  samples bytea NOT NULL
);
