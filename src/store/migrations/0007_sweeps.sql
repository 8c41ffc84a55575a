-- A sweep: runs of one network at several batches, asked for as one. Its runs are ordinary ones; some may be older.
CREATE TABLE sweeps (
  id uuid PRIMARY KEY,
  request json NOT NULL,
  run_ids json NOT NULL,
  idempotency_key text CONSTRAINT sweeps_idempotency_key UNIQUE,
  request_hash text,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE INDEX sweeps_by_time ON sweeps (created_at DESC, id DESC);
