-- Purpose  The schema that holds everything of ours, and the record of what was applied to it.
-- Locks    none that outlive the statement; nobody else knows these objects yet.
-- Callers  cardgenius migrate
-- Grants   CREATE on the database
-- Way back DROP SCHEMA cardgenius CASCADE: takes everything of ours, and nothing of CashKaro's.

CREATE SCHEMA cardgenius;

CREATE TABLE cardgenius.migration (
  name        VARCHAR(200) NOT NULL,                        -- 0001_migration, or object:claim_chunk
  checksum    CHAR(64)     NOT NULL,                        -- SHA-256 of the file, line ends as LF
  breaking    BOOLEAN      NOT NULL DEFAULT FALSE,          -- an older program must not work on this schema
  applied_at  TIMESTAMPTZ  NOT NULL DEFAULT clock_timestamp(),
  applied_by  VARCHAR(200) NOT NULL DEFAULT CURRENT_USER,
  CONSTRAINT pk_migration PRIMARY KEY (name)
);
