-- Purpose  Three decisions of a slot more, of schedules that compare with the CardGenius API and open no run: agreed, differed, unchecked
--          (the comparison could not be made).
-- Locks    ACCESS EXCLUSIVE on schedule_fire for an instant; its rows are read once to check the new constraint.
-- Callers  cardgenius migrate
-- Grants   ownership of schedule_fire
-- Way back the constraint as in 0009, once no row has a new decision.

ALTER TABLE cardgenius.schedule_fire
  DROP CONSTRAINT ck_schedule_fire_decision,
  ADD CONSTRAINT ck_schedule_fire_decision CHECK (
    decision IN ('ran', 'caught_up', 'skipped', 'overlapped', 'manual', 'held', 'not_opened', 'agreed', 'differed', 'unchecked'));
