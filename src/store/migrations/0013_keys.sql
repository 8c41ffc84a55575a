-- API keys, by the digest of their secret. Revoked ones stay: they say who did what, and that the service is no longer open.
CREATE TABLE api_keys (
  id uuid PRIMARY KEY,
  prefix text NOT NULL,
  digest text NOT NULL CONSTRAINT api_keys_digest_key UNIQUE,
  name text NOT NULL,
  role text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  expires_at timestamp(3) with time zone,
  last_used_at timestamp(3) with time zone,
  revoked_at timestamp(3) with time zone
);
-- What a browser has in its cookie instead of the key.
CREATE TABLE api_sessions (
  digest text PRIMARY KEY,
  key_id uuid NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
  expires_at timestamp(3) with time zone NOT NULL
);
CREATE INDEX api_sessions_by_key ON api_sessions (key_id);
