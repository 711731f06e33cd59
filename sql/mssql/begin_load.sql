-- Purpose   A load number that nobody has used: the rows staged under it are the only ones that publish will read.
--           An earlier load of the chunk, half sent or half open, is dead from here on, and swept.
-- Answers   one row (load_no), or none where the lease is somebody else's
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
