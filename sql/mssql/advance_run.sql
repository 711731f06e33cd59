-- Purpose   Asked when a claim found nothing: waits for the chunks of others, plans the next round for users that became
--           new meanwhile (three rounds at most, one for a run with a limit), or closes the run as done.
-- Answers   one row: outcome wait | planned | closed; state of the run
-- Errors    50005 no such run
-- Locks     the row of run, then the new chunks
-- Isolation READ COMMITTED
-- Indexes   pk_run, ix_chunk_claim
-- Avoids    two processors that both plan the round: the row of run is locked before anything is looked at.
-- Callers   the batch, whenever there is nothing to claim
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.advance_run
  @run_id  BIGINT,
  @now     DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now), @state VARCHAR(10), @round INT, @max_rounds INT,
          @next_round INT, @chunks INT = 0, @outcome VARCHAR(10), @message NVARCHAR(400);

  BEGIN TRY
    BEGIN TRANSACTION;

    UPDATE cardgenius.run SET round = round WHERE run_id = @run_id;   -- the lock, on every engine
    IF @@ROWCOUNT = 0
    BEGIN
      SET @message = CONCAT('there is no run ', @run_id);
      THROW 50005, @message, 71;
    END;
    SELECT @state = r.state, @round = r.round, @max_rounds = r.max_rounds
    FROM cardgenius.run AS r
    WHERE r.run_id = @run_id;

    IF @state <> 'running'
      SET @outcome = 'closed';
    -- A claim moves a chunk from open to leased, a release back: three looks, so that one moving between two is seen.
    ELSE IF EXISTS (SELECT 1 FROM cardgenius.chunk AS c WHERE c.run_id = @run_id AND c.state = 'open')
         OR EXISTS (SELECT 1 FROM cardgenius.chunk AS c WHERE c.run_id = @run_id AND c.state = 'leased')
         OR EXISTS (SELECT 1 FROM cardgenius.chunk AS c WHERE c.run_id = @run_id AND c.state = 'open')
      SET @outcome = 'wait';
    ELSE
    BEGIN
      IF @round < @max_rounds
      BEGIN
        SET @next_round = @round + 1;
        EXEC cardgenius.plan_round @run_id = @run_id, @round = @next_round, @now = @time, @chunks = @chunks OUTPUT;
      END;

      IF @chunks > 0
      BEGIN
        UPDATE cardgenius.run SET round = @next_round WHERE run_id = @run_id;
        SET @outcome = 'planned';
      END
      ELSE
      BEGIN
        UPDATE cardgenius.run SET state = 'done', active_key = run_id, finished_at = @time WHERE run_id = @run_id;
        SET @outcome = 'closed';
        SET @state = 'done';
      END;
    END;

    COMMIT TRANSACTION;
    SELECT @outcome AS outcome, @state AS state;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
