-- Purpose  Since when a schedule is known, and as what: slots before that were never missed.
-- Locks    none that outlive the statement.
-- Callers  cardgenius migrate
-- Grants   CREATE TABLE; ALTER on schema cardgenius
-- Way back DROP TABLE cardgenius.schedule;

CREATE TABLE cardgenius.schedule (
  schedule     NVARCHAR(100) NOT NULL,
  cron         VARCHAR(200)  NOT NULL,
  time_zone    VARCHAR(100)  NOT NULL,
  known_since  DATETIME2(3) NOT NULL,
  CONSTRAINT pk_schedule PRIMARY KEY CLUSTERED (schedule)
);
