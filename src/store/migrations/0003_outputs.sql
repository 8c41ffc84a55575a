-- What a run computed, so that the next one of the other runtime can be held against it. Null in runs made before.
ALTER TABLE run_samples ADD COLUMN output bytea;
-- The latest succeeded run of one computation, whatever its runtime; the same content under other names, deleted ones too.
CREATE INDEX runs_computation ON runs
  (architecture_id, batch, precision, (settings ->> 'seed'), coalesce(resolution::text, ''), finished_at DESC, id DESC)
  WHERE status = 'succeeded';
CREATE INDEX architectures_by_digest ON architectures (digest);
UPDATE runs SET result = jsonb_set(result::jsonb, '{output,agreement}', 'null')::json WHERE result -> 'output' IS NOT NULL;
