-- Sizes that a run's file leaves open, where others were asked for than it was registered at.
ALTER TABLE runs ADD COLUMN sizes jsonb;
