-- Purpose   What an operator, a gate or a stopping processor asks of the active run:
--             paused    no chunk is claimed until it is resumed; chunks in flight are finished. One that is paused already
--                       keeps its reason: the first one says why
--             running   resumes a paused or stopped run
--             stopped   only without a living lease (else other processors go on, and it stays as it is)
--             cancelled, failed   ends it: chunks closed, pending users new again, the fence falls
--           Each leaves an act: pause, resume, accept_gate, cancel, fail. A later one never changes the reason of an earlier one.
-- Answers   one row: run_id and its state now; or none where no run is active (or not the one named)
-- Locks     run, chunk, user_spending_data in that order
-- Isolation READ COMMITTED
-- Indexes   uq_run_active, ix_chunk_claim
-- Avoids    two callers at once: the row of run is locked before anything is looked at.
-- Callers   cardgenius pause, resume, cancel; the batch when it stops or must not go on; cardgenius serve, which goes on
--           with a run that was stopped
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.change_run_state
  @run_id  BIGINT,                            -- NULL: whichever run is active
  @state   VARCHAR(10),
  @reason  NVARCHAR(400),
  @accept_gate  BIT = 0,                      -- 1: from here on the run publishes past its gates
  @origin  VARCHAR(10) = NULL,                -- as in act; NULL: by hand, in SQL
  @person  NVARCHAR(200) = NULL,
  @now     DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now), @found_id BIGINT, @found_state VARCHAR(10),
          @act VARCHAR(20);

  BEGIN TRY
    BEGIN TRANSACTION;

    SELECT @found_id = r.run_id FROM cardgenius.run AS r WHERE r.active_key = 0;
    UPDATE cardgenius.run SET round = round                           -- the lock, on every engine
    WHERE run_id = @found_id AND active_key = 0 AND (@run_id IS NULL OR run_id = @run_id);
    IF @@ROWCOUNT = 0
    BEGIN
      COMMIT TRANSACTION;
      RETURN;
    END;

    SELECT @found_state = r.state FROM cardgenius.run AS r WHERE r.run_id = @found_id;

    IF @state IN ('cancelled', 'failed')
      EXEC cardgenius.close_run @run_id = @found_id, @run_state = @state, @chunk_state = 'cancelled', @reason = @reason,
                                @now = @time;
    ELSE IF @state = 'running'
         OR (@state = 'paused' AND @found_state <> 'paused')
         OR (@state = 'stopped' AND @found_state = 'running' AND NOT EXISTS (
               SELECT 1 FROM cardgenius.chunk AS c
               WHERE c.run_id = @found_id AND c.state = 'leased'
                 AND c.lease_until BETWEEN @time AND DATEADD(HOUR, 1, @time)))
      UPDATE cardgenius.run
         SET state = @state, reason = CASE @state WHEN 'running' THEN NULL ELSE @reason END,
             gate_accepted = CASE WHEN @accept_gate = 1 THEN 1 ELSE gate_accepted END
       WHERE run_id = @found_id;

    SET @act = CASE WHEN @state = 'running' AND @accept_gate = 1 THEN 'accept_gate' WHEN @state = 'running' THEN 'resume'
                    WHEN @state = 'paused' THEN 'pause' WHEN @state = 'cancelled' THEN 'cancel'
                    WHEN @state = 'failed' THEN 'fail' END;
    -- What a processor does by itself is no act, but for a pause: a gate held the run.
    IF @act IS NOT NULL AND (COALESCE(@origin, 'sql') <> 'processor' OR (@act = 'pause' AND @found_state <> 'paused'))
      EXEC cardgenius.record_act @act = @act, @run_id = @found_id, @subject = NULL, @affected = NULL, @origin = @origin,
                                 @person = @person, @reason = @reason, @now = @time;

    COMMIT TRANSACTION;
    SELECT r.run_id, r.state FROM cardgenius.run AS r WHERE r.run_id = @found_id;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
