-- Which run answers a request with an Idempotency-Key: the one it made, or an earlier one that had measured the same.
CREATE TABLE run_requests (
  key text PRIMARY KEY,
  request_hash text,
  -- Deferred, so that a key is taken before its run is inserted.
  run_id uuid NOT NULL REFERENCES runs (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
INSERT INTO run_requests (key, request_hash, run_id, created_at)
  SELECT idempotency_key, request_hash, id, queued_at FROM runs WHERE idempotency_key IS NOT NULL;
ALTER TABLE runs DROP COLUMN idempotency_key, DROP COLUMN request_hash;
-- Since when a run waits, or waited before its last start: later than queued_at where it was executed in between.
ALTER TABLE runs ADD COLUMN waiting_since timestamp(3) with time zone NOT NULL DEFAULT now();
-- Executions that were lost with their service, which is what a run fails after; attempt counts every start.
ALTER TABLE runs ADD COLUMN owners_lost integer NOT NULL DEFAULT 0;
UPDATE runs SET waiting_since = queued_at, owners_lost = CASE status WHEN 'running' THEN attempt - 1 WHEN 'queued' THEN attempt ELSE 0 END;
