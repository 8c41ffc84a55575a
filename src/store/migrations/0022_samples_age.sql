-- Samples may be dropped for their age (SAMPLES_DAYS): what stays of them is `summary`, and when they went.
ALTER TABLE run_samples ALTER COLUMN samples DROP NOT NULL;
ALTER TABLE run_samples ADD COLUMN stored_at timestamp(3) with time zone NOT NULL DEFAULT now();
UPDATE run_samples SET stored_at = runs.finished_at FROM runs WHERE runs.id = run_samples.run_id AND runs.finished_at IS NOT NULL;
ALTER TABLE run_samples ADD COLUMN expired_at timestamp(3) with time zone;
ALTER TABLE run_samples ADD COLUMN summary json;
ALTER TABLE run_samples ADD CONSTRAINT run_samples_expired
  CHECK ((samples IS NULL) = (expired_at IS NOT NULL) AND (samples IS NULL) = (summary IS NOT NULL));
CREATE INDEX run_samples_by_age ON run_samples (stored_at) WHERE samples IS NOT NULL;
