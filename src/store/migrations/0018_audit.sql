-- Who changed what. Nothing refers to other tables: a line outlives what it is about.
CREATE TABLE audit (
  id uuid PRIMARY KEY,
  at timestamp(3) with time zone NOT NULL DEFAULT now(),
  key_id uuid,
  key_prefix text,
  role text NOT NULL,
  action text NOT NULL,
  subject_kind text NOT NULL,
  subject_id uuid,
  request_id text,
  outcome text NOT NULL
);
CREATE INDEX audit_by_time ON audit (at, id);
