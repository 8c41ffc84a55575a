-- The key that made each; null for what was made without one.
ALTER TABLE runs ADD COLUMN key_id uuid REFERENCES api_keys (id);
ALTER TABLE architectures ADD COLUMN key_id uuid REFERENCES api_keys (id);
ALTER TABLE sweeps ADD COLUMN key_id uuid REFERENCES api_keys (id);
