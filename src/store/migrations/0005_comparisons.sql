-- A run that times two sides in turns. `against` is side b in full, its architecture apart so that it is held like side a's.
ALTER TABLE runs ADD COLUMN against json;
ALTER TABLE runs ADD COLUMN against_architecture_id uuid CONSTRAINT runs_against_architecture_id_fkey REFERENCES architectures (id);
ALTER TABLE runs ADD COLUMN rounds integer;
ALTER TABLE runs ADD COLUMN comparison json;
ALTER TABLE runs ADD CONSTRAINT runs_compares CHECK ((against IS NULL) = (rounds IS NULL) AND (against IS NULL) = (against_architecture_id IS NULL));
CREATE INDEX runs_by_against ON runs (against_architecture_id) WHERE against_architecture_id IS NOT NULL;
