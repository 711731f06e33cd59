-- Purpose   Ends an attempt in an error. One that may pass puts the chunk back, to be claimed after a while, until three
--           attempts have failed; what fails for good sets the chunk's users failed with the reason, in this transaction,
--           so that no chunk loops for ever. Their rows of last week stay.
-- Answers   one row: outcome retry | failed; or none where the lease is lost
-- Locks     chunk, then the set's user_spending_data rows
-- Isolation READ COMMITTED
-- Indexes   pk_chunk, pk_chunk_user
-- Avoids    a report of a processor that lost the lease: it carries the token like any other write.
-- Callers   the chunk pipeline
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.fail_chunk
  @run_id               BIGINT,
  @chunk_no             INT,
  @token                UNIQUEIDENTIFIER,
  @error_code           VARCHAR(50),
  @error_message        VARCHAR(400),
  @may_pass             BIT,                  -- 1: tried again, up to three times in all; 0: the users fail now
  @retry_after_seconds  INT,
  @now                  DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now), @failures INT, @outcome VARCHAR(10) = 'failed',
          @kind VARCHAR(10);

  BEGIN TRY
    SELECT @kind = r.kind FROM cardgenius.run AS r WHERE r.run_id = @run_id;      -- before the chunk's lock: that is the order

    BEGIN TRANSACTION;

    UPDATE cardgenius.chunk
       SET failures = failures + 1, expired_leases = 0, error_code = @error_code, error_message = @error_message
     WHERE run_id = @run_id AND chunk_no = @chunk_no AND lease_token = @token AND state = 'leased';
    IF @@ROWCOUNT = 0
    BEGIN
      COMMIT TRANSACTION;
      RETURN;
    END;

    SELECT @failures = c.failures FROM cardgenius.chunk AS c WHERE c.run_id = @run_id AND c.chunk_no = @chunk_no;

    UPDATE cardgenius.chunk_attempt
       SET outcome = 'failed', ended_at = @time, error_code = @error_code, error_message = @error_message
     WHERE run_id = @run_id AND chunk_no = @chunk_no AND outcome IS NULL;

    IF @may_pass = 1 AND @failures < 3
    BEGIN
      UPDATE cardgenius.chunk
         SET state = 'open', not_before = DATEADD(SECOND, @retry_after_seconds, @time),
             lease_token = NULL, lease_owner = NULL, lease_until = NULL, load_no = NULL
       WHERE run_id = @run_id AND chunk_no = @chunk_no;
      SET @outcome = 'retry';
    END
    ELSE
    BEGIN
      EXEC cardgenius.publish_chunk @run_id = @run_id, @chunk_no = @chunk_no, @token = @token,
           @failure_code = @error_code, @failure_message = @error_message, @now = @time, @answer = 0,
           @kind = @kind;
      UPDATE cardgenius.chunk SET state = 'failed' WHERE run_id = @run_id AND chunk_no = @chunk_no;
    END;

    COMMIT TRANSACTION;
    SELECT @outcome AS outcome;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
