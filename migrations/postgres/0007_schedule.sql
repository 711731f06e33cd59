-- Purpose  Since when a schedule is known, and as what: slots before that were never missed.
-- Locks    none that outlive the statement.
-- Callers  cardgenius migrate
-- Grants   CREATE on schema cardgenius
-- Way back DROP TABLE cardgenius.schedule;

CREATE TABLE cardgenius.schedule (
  schedule     VARCHAR(100) NOT NULL,
  cron         VARCHAR(200) NOT NULL,
  time_zone    VARCHAR(100) NOT NULL,
  known_since  TIMESTAMPTZ  NOT NULL,
  CONSTRAINT pk_schedule PRIMARY KEY (schedule)
);
