-- Files beside an ONNX model that hold its numbers, by the names that the model has for them.
CREATE TABLE architecture_data (
  architecture_id uuid NOT NULL REFERENCES architectures (id) ON DELETE CASCADE,
  location text NOT NULL,
  digest text NOT NULL CONSTRAINT architecture_data_digest_fkey REFERENCES blobs (digest),
  PRIMARY KEY (architecture_id, location)
);
CREATE INDEX architecture_data_by_digest ON architecture_data (digest);
