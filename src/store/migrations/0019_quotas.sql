-- What a key may use; null: as much as it wants.
ALTER TABLE api_keys ADD COLUMN runs_per_hour bigint;
ALTER TABLE api_keys ADD COLUMN device_seconds_per_day bigint;
ALTER TABLE api_keys ADD COLUMN bytes_stored bigint;
-- What it has used, by the hour in UTC. A ledger of its own: what was used stays used when the run is gone.
CREATE TABLE key_usage (
  key_id uuid NOT NULL REFERENCES api_keys (id),
  hour timestamp(3) with time zone NOT NULL,
  runs bigint NOT NULL DEFAULT 0,
  device_ms double precision NOT NULL DEFAULT 0,
  PRIMARY KEY (key_id, hour)
);
CREATE INDEX runs_by_key ON runs (key_id) WHERE status IN ('queued', 'running');
CREATE INDEX architectures_by_key ON architectures (key_id) WHERE deleted_at IS NULL;
