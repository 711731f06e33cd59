-- Purpose  What a service that runs for months remembers: who is at work, who leads, what fired, what is wrong.
-- Locks    none that outlive the statement.
-- Callers  cardgenius migrate
-- Grants   CREATE TABLE; ALTER on schema cardgenius
-- Way back DROP TABLE cardgenius.alert, cardgenius.schedule_fire, cardgenius.leader, cardgenius.processor;

CREATE TABLE cardgenius.processor (
  processor_id  VARCHAR(100)  NOT NULL,                     -- host:pid:random
  host          NVARCHAR(200) NOT NULL,
  pid           INT           NOT NULL,
  version       VARCHAR(50)   NOT NULL,
  started_at    DATETIME2(3)  NOT NULL,
  last_seen     DATETIME2(3)  NOT NULL,
  stopped_at    DATETIME2(3)  NULL,
  CONSTRAINT pk_processor PRIMARY KEY CLUSTERED (processor_id)
);
GO

-- The one row is a lease; a term is (owner, elected_at).
CREATE TABLE cardgenius.leader (
  slot         TINYINT      NOT NULL CONSTRAINT df_leader_slot DEFAULT 1,
  owner        VARCHAR(100) NOT NULL,
  elected_at   DATETIME2(3) NOT NULL,
  lease_until  DATETIME2(3) NOT NULL,
  CONSTRAINT pk_leader PRIMARY KEY CLUSTERED (slot),
  CONSTRAINT ck_leader_one CHECK (slot = 1)
);
GO

-- Every slot of every schedule, also those that nobody was there for. The key lets a slot fire once in the fleet.
CREATE TABLE cardgenius.schedule_fire (
  schedule    NVARCHAR(100) NOT NULL,
  planned_at  DATETIME2(3)  NOT NULL,
  decision    VARCHAR(10)   NOT NULL,
  decided_at  DATETIME2(3)  NOT NULL,
  decided_by  VARCHAR(100)  NOT NULL,
  run_id      BIGINT        NULL,
  note        NVARCHAR(400) NULL,
  CONSTRAINT pk_schedule_fire PRIMARY KEY CLUSTERED (schedule, planned_at),
  CONSTRAINT ck_schedule_fire_decision CHECK (decision IN ('ran', 'caught_up', 'skipped', 'overlapped', 'manual'))
);
GO

CREATE TABLE cardgenius.alert (
  alert_id    BIGINT         NOT NULL IDENTITY(1, 1),
  [rule]      VARCHAR(50)    NOT NULL,                      -- a reserved word here: always in brackets
  subject     NVARCHAR(200)  NOT NULL,                      -- the run, schedule or processor that it is about
  severity    VARCHAR(10)    NOT NULL,
  message     NVARCHAR(1000) NOT NULL,
  opened_at   DATETIME2(3)   NOT NULL,
  last_seen   DATETIME2(3)   NOT NULL,
  reminded_at DATETIME2(3)   NULL,
  closed_at   DATETIME2(3)   NULL,
  CONSTRAINT pk_alert PRIMARY KEY CLUSTERED (alert_id),
  CONSTRAINT ck_alert_severity CHECK (severity IN ('warning', 'critical'))
);
GO

CREATE INDEX ix_alert_open ON cardgenius.alert ([rule], subject, closed_at);
