-- Devices that an admin paused or drained. A device without a row is active; so is one whose state says so.
CREATE TABLE device_states (
  device_uuid text PRIMARY KEY,
  -- Its name and host, for when no service that is alive tells them.
  device text NOT NULL,
  host text NOT NULL,
  state text NOT NULL CONSTRAINT device_states_state CHECK (state IN ('active', 'paused', 'drained')),
  note text,
  -- The beginning of the key that asked; null where none was needed.
  changed_by text,
  changed_at timestamp(3) with time zone NOT NULL
);
