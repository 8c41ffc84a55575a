-- Files that architectures were registered from and whose weights runs take, by what they hold. With the embedded store
-- the bytes lie in a folder beside it, on a server in chunks, so that every host gets them.
CREATE TABLE blobs (
  digest text PRIMARY KEY,
  bytes bigint NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE blob_chunks (
  digest text NOT NULL REFERENCES blobs (digest) ON DELETE CASCADE,
  part integer NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (digest, part)
);
-- Weights do not compress.
ALTER TABLE blob_chunks ALTER COLUMN data SET STORAGE EXTERNAL;
-- Null again in an architecture that was deleted.
ALTER TABLE architectures ADD COLUMN blob text CONSTRAINT architectures_blob_fkey REFERENCES blobs (digest);
CREATE INDEX architectures_by_blob ON architectures (blob) WHERE blob IS NOT NULL;
ALTER TABLE runs ADD COLUMN weights text NOT NULL DEFAULT 'seeded' CONSTRAINT runs_weights CHECK (weights IN ('seeded', 'file'));
