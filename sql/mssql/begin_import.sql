-- Purpose   A number for an import of spends: its rows are staged under it.
-- Answers   one row (load_no)
-- Locks     one new row of import
-- Isolation READ COMMITTED
-- Indexes   pk_import
-- Avoids    nothing of note.
-- Callers   cardgenius import, seed, demo
-- Grants    EXECUTE for cardgenius_importer

CREATE OR ALTER PROCEDURE cardgenius.begin_import
  @source  NVARCHAR(400),
  @now     DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @load_no BIGINT = NEXT VALUE FOR cardgenius.load_no;

  INSERT INTO cardgenius.import (load_no, source, started_at)
  VALUES (@load_no, @source, cardgenius.clock(@now));

  SELECT @load_no AS load_no;
END;
