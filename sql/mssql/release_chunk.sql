-- Purpose   Gives a chunk back unfinished: it is open at once, and the attempt does not count. For a stop, a closed gate,
--           trouble of the database and an engine that cannot be made: none of them is the fault of the chunk's users.
-- Answers   one row (chunk_no), or none where the lease is lost
-- Locks     one row of chunk, one of chunk_attempt
-- Isolation READ COMMITTED
-- Indexes   pk_chunk
-- Avoids    a release by a processor that lost the lease: it carries the token like any other write.
-- Callers   the claim loops, by the table of src/batch/recovery.ts
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.release_chunk
  @run_id    BIGINT,
  @chunk_no  INT,
  @token     UNIQUEIDENTIFIER,
  @now       DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now);

  BEGIN TRY
    BEGIN TRANSACTION;

    UPDATE cardgenius.chunk
       SET state = 'open', not_before = @time, expired_leases = 0, lease_token = NULL, lease_owner = NULL,
           lease_until = NULL, load_no = NULL
     WHERE run_id = @run_id AND chunk_no = @chunk_no AND lease_token = @token AND state = 'leased';
    IF @@ROWCOUNT = 0
    BEGIN
      COMMIT TRANSACTION;
      RETURN;
    END;

    UPDATE cardgenius.chunk_attempt
       SET outcome = 'released', ended_at = @time
     WHERE run_id = @run_id AND chunk_no = @chunk_no AND outcome IS NULL;

    COMMIT TRANSACTION;
    SELECT @chunk_no AS chunk_no;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
