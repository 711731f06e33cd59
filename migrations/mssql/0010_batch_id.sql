-- Purpose  The number of a batch (BATCH_20251007_001), which a run takes as it opens and writes on every row that it publishes; the
--          catalogue's id of each card of a run; and which of the contract's optional columns the procedures were installed for.
--          A run that is open while this is applied gets a number of its day in UTC, and goes on.
-- Locks    Sch-M on run and run_card for an instant: columns are added without touching a row. Then the rows of the open run.
-- Callers  cardgenius migrate
-- Grants   CREATE TABLE; ALTER on schema cardgenius
-- Way back DROP TABLE cardgenius.last_batch; ALTER TABLE cardgenius.run DROP CONSTRAINT df_run_stamp_unchanged;
--          ALTER TABLE cardgenius.run DROP COLUMN batch_id, stamp_unchanged; ALTER TABLE cardgenius.run_card DROP COLUMN card_id;
--          ALTER TABLE cardgenius.contract_shape DROP CONSTRAINT df_contract_shape_columns;
--          ALTER TABLE cardgenius.contract_shape DROP COLUMN optional_columns;

ALTER TABLE cardgenius.run ADD batch_id VARCHAR(50) NULL;   -- NULL: a dry run, or a run that ended before this migration
ALTER TABLE cardgenius.run ADD stamp_unchanged BIT NOT NULL CONSTRAINT df_run_stamp_unchanged DEFAULT 1;
ALTER TABLE cardgenius.run_card ADD card_id VARCHAR(100) NULL;
ALTER TABLE cardgenius.contract_shape ADD optional_columns VARCHAR(1000) NOT NULL
  CONSTRAINT df_contract_shape_columns DEFAULT '';          -- table.column, with a space between; migrate writes it
GO

-- The last number that was given. A table of its own, because prune forgets runs.
CREATE TABLE cardgenius.last_batch (
  slot       TINYINT NOT NULL CONSTRAINT df_last_batch_slot DEFAULT 1,
  batch_day  CHAR(8) NOT NULL,
  batch_no   INT     NOT NULL,
  CONSTRAINT pk_last_batch PRIMARY KEY CLUSTERED (slot),
  CONSTRAINT ck_last_batch_one CHECK (slot = 1)
);
GO

INSERT INTO cardgenius.last_batch (batch_day, batch_no)
SELECT CASE WHEN COUNT(*) = 0 THEN '00000000' ELSE CONVERT(CHAR(8), SYSUTCDATETIME(), 112) END, COUNT(*)
FROM cardgenius.run AS r
WHERE r.active_key = 0 AND r.kind = 'batch';

UPDATE r
   SET r.batch_id = CONCAT('BATCH_', b.batch_day, '_001')
  FROM cardgenius.run AS r
  JOIN cardgenius.last_batch AS b ON b.batch_no = 1
 WHERE r.active_key = 0 AND r.kind = 'batch';

UPDATE c
   SET c.card_id = LEFT(COALESCE(JSON_VALUE(c.definition, '$.id'), c.card_name), 100)
  FROM cardgenius.run_card AS c
  JOIN cardgenius.run AS r ON r.run_id = c.run_id
 WHERE r.active_key = 0;
GO
