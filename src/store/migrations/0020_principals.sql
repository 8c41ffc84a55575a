-- Holders of an issuer's tokens (OpenID Connect) stand among the keys, so that quotas, usage and the audit log know them.
ALTER TABLE api_keys ADD COLUMN issuer text;
ALTER TABLE api_keys ADD COLUMN subject text;
CREATE UNIQUE INDEX api_keys_holder_key ON api_keys (issuer, subject) WHERE issuer IS NOT NULL;
