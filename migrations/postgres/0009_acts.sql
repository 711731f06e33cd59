-- Purpose  Who did what: a row for each act of a person or a program on runs and users, never changed by a later act. And two
--          decisions of a slot more: held (a paused run stood in its way) and not_opened (the engine could not be loaded).
-- Locks    ACCESS EXCLUSIVE on schedule_fire for an instant; its rows are read once to check the new constraint.
-- Callers  cardgenius migrate
-- Grants   CREATE on schema cardgenius
-- Way back DROP TABLE cardgenius.act; the constraint as in 0006, once no row has a new decision.

CREATE TABLE cardgenius.act (
  act_id    BIGINT       NOT NULL GENERATED ALWAYS AS IDENTITY,
  acted_at  TIMESTAMPTZ  NOT NULL,
  act       VARCHAR(20)  NOT NULL,                          -- pause, resume, accept_gate, cancel, fail, supersede, catalogue,
                                                            -- run_now, retry, redo, prune, forget
  run_id    BIGINT       NULL,                              -- no foreign key: an act outlives its run
  subject   VARCHAR(200) NULL,                              -- the schedule, filter or fingerprints that it is about; no user_id
  affected  BIGINT       NULL,                              -- users, or rows where it is prune
  origin    VARCHAR(10)  NOT NULL,                          -- cli, page, schedule, processor, sql
  person    VARCHAR(200) NULL,                              -- the user of the operating system, or whom a trusted proxy names
  login     VARCHAR(128) NOT NULL,                          -- of the database
  reason    VARCHAR(400) NULL,
  CONSTRAINT pk_act PRIMARY KEY (act_id),
  CONSTRAINT ck_act_origin CHECK (origin IN ('cli', 'page', 'schedule', 'processor', 'sql'))
);

CREATE INDEX ix_act_run ON cardgenius.act (run_id);

ALTER TABLE cardgenius.schedule_fire
  DROP CONSTRAINT ck_schedule_fire_decision,
  ADD CONSTRAINT ck_schedule_fire_decision CHECK (
    decision IN ('ran', 'caught_up', 'skipped', 'overlapped', 'manual', 'held', 'not_opened'));
