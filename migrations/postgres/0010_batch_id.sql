-- Twin of migrations/mssql/0010_batch_id.sql; differs in: it makes contract_shape, which T-SQL has had since 0003.
-- Locks    ACCESS EXCLUSIVE on run and run_card for an instant: no row is rewritten.
-- Callers  cardgenius migrate
-- Grants   CREATE on schema cardgenius
-- Way back DROP TABLE cardgenius.last_batch, cardgenius.contract_shape; ALTER TABLE cardgenius.run DROP COLUMN batch_id, DROP COLUMN
--          stamp_unchanged; ALTER TABLE cardgenius.run_card DROP COLUMN card_id;

ALTER TABLE cardgenius.run
  ADD COLUMN batch_id         VARCHAR(50) NULL,             -- NULL: a dry run, or a run that ended before this migration
  ADD COLUMN stamp_unchanged  BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE cardgenius.run_card ADD COLUMN card_id VARCHAR(100) NULL;

CREATE TABLE cardgenius.contract_shape (
  slot              SMALLINT      NOT NULL DEFAULT 1,
  error_length      INTEGER       NOT NULL,                 -- characters that processing_error takes
  optional_columns  VARCHAR(1000) NOT NULL DEFAULT '',      -- table.column, with a space between; migrate writes it
  CONSTRAINT pk_contract_shape PRIMARY KEY (slot),
  CONSTRAINT ck_contract_shape_one CHECK (slot = 1)
);
INSERT INTO cardgenius.contract_shape (error_length) VALUES (400);

-- The last number that was given. A table of its own, because prune forgets runs.
CREATE TABLE cardgenius.last_batch (
  slot       SMALLINT NOT NULL DEFAULT 1,
  batch_day  CHAR(8)  NOT NULL,
  batch_no   INTEGER  NOT NULL,
  CONSTRAINT pk_last_batch PRIMARY KEY (slot),
  CONSTRAINT ck_last_batch_one CHECK (slot = 1)
);

INSERT INTO cardgenius.last_batch (batch_day, batch_no)
SELECT CASE WHEN COUNT(*) = 0 THEN '00000000' ELSE TO_CHAR(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD') END, COUNT(*)
FROM cardgenius.run AS r
WHERE r.active_key = 0 AND r.kind = 'batch';

UPDATE cardgenius.run AS r
   SET batch_id = 'BATCH_' || b.batch_day || '_001'
  FROM cardgenius.last_batch AS b
 WHERE b.batch_no = 1 AND r.active_key = 0 AND r.kind = 'batch';

UPDATE cardgenius.run_card AS c
   SET card_id = LEFT(COALESCE(c.definition::JSON ->> 'id', c.card_name), 100)
  FROM cardgenius.run AS r
 WHERE r.run_id = c.run_id AND r.active_key = 0;
