-- Purpose  Who did what: a row for each act of a person or a program on runs and users, never changed by a later act. And two
--          decisions of a slot more: held (a paused run stood in its way) and not_opened (the engine could not be loaded).
-- Locks    Sch-M on schedule_fire for an instant; its rows are read once to check the new constraint.
-- Callers  cardgenius migrate
-- Grants   CREATE TABLE; ALTER on schema cardgenius
-- Way back DROP TABLE cardgenius.act; the constraint as in 0006, once no row has a new decision.

CREATE TABLE cardgenius.act (
  act_id    BIGINT        NOT NULL IDENTITY(1, 1),
  acted_at  DATETIME2(3)  NOT NULL,
  act       VARCHAR(20)   NOT NULL,                         -- pause, resume, accept_gate, cancel, fail, supersede, catalogue,
                                                            -- run_now, retry, redo, prune, forget
  run_id    BIGINT        NULL,                             -- no foreign key: an act outlives its run
  subject   NVARCHAR(200) NULL,                             -- the schedule, filter or fingerprints that it is about; no user_id
  affected  BIGINT        NULL,                             -- users, or rows where it is prune
  origin    VARCHAR(10)   NOT NULL,                         -- cli, page, schedule, processor, sql
  person    NVARCHAR(200) NULL,                             -- the user of the operating system, or whom a trusted proxy names
  login     NVARCHAR(128) NOT NULL,                         -- of the database
  reason    NVARCHAR(400) NULL,
  CONSTRAINT pk_act PRIMARY KEY CLUSTERED (act_id),
  CONSTRAINT ck_act_origin CHECK (origin IN ('cli', 'page', 'schedule', 'processor', 'sql'))
);
GO

CREATE INDEX ix_act_run ON cardgenius.act (run_id);
GO

ALTER TABLE cardgenius.schedule_fire DROP CONSTRAINT ck_schedule_fire_decision;
GO

ALTER TABLE cardgenius.schedule_fire ADD CONSTRAINT ck_schedule_fire_decision CHECK (
  decision IN ('ran', 'caught_up', 'skipped', 'overlapped', 'manual', 'held', 'not_opened'));
