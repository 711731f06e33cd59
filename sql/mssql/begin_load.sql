-- Purpose   A load number that no load has used. Publish refuses any other number, so that an earlier load of the chunk, whose
--           session may still be open, is dead from here on. On SQL Server the number is all that this database knows of a load:
--           its rows are in the session's own tables (queries/mssql/create_staging.sql); PostgreSQL's twin keys the rows by it.
-- Answers   one row (load_no), or none where the lease is lost
-- Locks     one row of chunk
-- Isolation READ COMMITTED
-- Indexes   pk_chunk
-- Avoids    NEXT VALUE FOR inside the UPDATE, where it may not stand beside OUTPUT: it is drawn first; gaps do no harm.
-- Callers   the chunk pipeline, before each load
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.begin_load
  @run_id    BIGINT,
  @chunk_no  INT,
  @token     UNIQUEIDENTIFIER
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @load_no BIGINT = NEXT VALUE FOR cardgenius.load_no;

  UPDATE cardgenius.chunk
     SET load_no = @load_no
   WHERE run_id = @run_id AND chunk_no = @chunk_no AND lease_token = @token AND state = 'leased';

  IF @@ROWCOUNT = 1
    SELECT @load_no AS load_no;
END;
