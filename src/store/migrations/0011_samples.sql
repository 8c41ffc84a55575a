-- Read in parts, which of compressed bytes would mean all that stands before them; measured times do not compress.
ALTER TABLE run_samples ALTER COLUMN samples SET STORAGE EXTERNAL;
ALTER TABLE run_samples ALTER COLUMN output SET STORAGE EXTERNAL;
