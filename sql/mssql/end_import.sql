-- Purpose   Writes down that an import is finished.
-- Answers   one row (load_no)
-- Locks     one row of import
-- Isolation READ COMMITTED
-- Indexes   pk_import
-- Avoids    nothing of note.
-- Callers   cardgenius import, seed, demo
-- Grants    EXECUTE for cardgenius_importer

CREATE OR ALTER PROCEDURE cardgenius.end_import
  @load_no     BIGINT,
  @duplicates  BIGINT,
  @now         DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  UPDATE cardgenius.import
     SET finished_at = cardgenius.clock(@now), duplicates = @duplicates
   WHERE load_no = @load_no;

  SELECT @load_no AS load_no;
END;
