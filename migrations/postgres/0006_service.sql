-- Purpose  What a service that runs for months remembers: who is at work, who leads, what fired, what is wrong.
-- Locks    none that outlive the statement.
-- Callers  cardgenius migrate
-- Grants   CREATE on schema cardgenius
-- Way back DROP TABLE cardgenius.alert, cardgenius.schedule_fire, cardgenius.leader, cardgenius.processor;

CREATE TABLE cardgenius.processor (
  processor_id  VARCHAR(100) NOT NULL,                      -- host:pid:random
  host          VARCHAR(200) NOT NULL,
  pid           INTEGER      NOT NULL,
  version       VARCHAR(50)  NOT NULL,
  started_at    TIMESTAMPTZ  NOT NULL,
  last_seen     TIMESTAMPTZ  NOT NULL,
  stopped_at    TIMESTAMPTZ  NULL,
  CONSTRAINT pk_processor PRIMARY KEY (processor_id)
);

-- The one row is a lease; a term is (owner, elected_at).
CREATE TABLE cardgenius.leader (
  slot         SMALLINT     NOT NULL DEFAULT 1,
  owner        VARCHAR(100) NOT NULL,
  elected_at   TIMESTAMPTZ  NOT NULL,
  lease_until  TIMESTAMPTZ  NOT NULL,
  CONSTRAINT pk_leader PRIMARY KEY (slot),
  CONSTRAINT ck_leader_one CHECK (slot = 1)
);

-- Every slot of every schedule, also those that nobody was there for. The key lets a slot fire once in the fleet.
CREATE TABLE cardgenius.schedule_fire (
  schedule    VARCHAR(100) NOT NULL,
  planned_at  TIMESTAMPTZ  NOT NULL,
  decision    VARCHAR(10)  NOT NULL,
  decided_at  TIMESTAMPTZ  NOT NULL,
  decided_by  VARCHAR(100) NOT NULL,
  run_id      BIGINT       NULL,
  note        VARCHAR(400) NULL,
  CONSTRAINT pk_schedule_fire PRIMARY KEY (schedule, planned_at),
  CONSTRAINT ck_schedule_fire_decision CHECK (decision IN ('ran', 'caught_up', 'skipped', 'overlapped', 'manual'))
);

CREATE TABLE cardgenius.alert (
  alert_id    BIGINT        NOT NULL GENERATED ALWAYS AS IDENTITY,
  rule        VARCHAR(50)   NOT NULL,
  subject     VARCHAR(200)  NOT NULL,                       -- the run, schedule or processor that it is about
  severity    VARCHAR(10)   NOT NULL,
  message     VARCHAR(1000) NOT NULL,
  opened_at   TIMESTAMPTZ   NOT NULL,
  last_seen   TIMESTAMPTZ   NOT NULL,
  reminded_at TIMESTAMPTZ   NULL,
  closed_at   TIMESTAMPTZ   NULL,
  CONSTRAINT pk_alert PRIMARY KEY (alert_id),
  CONSTRAINT ck_alert_severity CHECK (severity IN ('warning', 'critical'))
);

CREATE INDEX ix_alert_open ON cardgenius.alert (rule, subject, closed_at);
