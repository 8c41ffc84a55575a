-- What a run was expected to take when it was queued and why, so that estimates are held against what came.
ALTER TABLE runs ADD COLUMN macs bigint;
ALTER TABLE runs ADD COLUMN expected_ms double precision;
ALTER TABLE runs ADD COLUMN expected_basis text;
CREATE INDEX runs_finished ON runs (device_uuid, finished_at DESC) WHERE status = 'succeeded';
-- Digest of everything that decides a result; null in runs made before.
ALTER TABLE runs ADD COLUMN measurement text;
CREATE INDEX runs_measured ON runs (measurement, finished_at DESC) WHERE status = 'succeeded' AND measurement IS NOT NULL;
