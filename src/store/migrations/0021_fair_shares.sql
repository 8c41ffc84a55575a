-- Fair queueing between keys: the device's virtual time, and the start tag of each key on each device (docs/adr/fair-queueing.md).
CREATE TABLE device_clocks (
  device_uuid text PRIMARY KEY,
  virtual_ms double precision NOT NULL
);
CREATE TABLE device_shares (
  device_uuid text NOT NULL,
  -- All zeros for runs without a key.
  key_id uuid NOT NULL,
  start_ms double precision NOT NULL,
  PRIMARY KEY (device_uuid, key_id)
);
ALTER TABLE api_keys ADD COLUMN weight integer NOT NULL DEFAULT 1 CONSTRAINT api_keys_weight CHECK (weight BETWEEN 1 AND 1000);
INSERT INTO device_shares (device_uuid, key_id, start_ms)
  SELECT DISTINCT device_uuid, coalesce(key_id, '00000000-0000-0000-0000-000000000000'::uuid), 0
  FROM runs WHERE status IN ('queued', 'running');
CREATE INDEX runs_waiting_by_key ON runs
  (device_uuid, (coalesce(key_id, '00000000-0000-0000-0000-000000000000'::uuid)), priority DESC, queued_at, id)
  WHERE status = 'queued';
