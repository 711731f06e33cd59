-- Purpose   Ends a run before its time: open and leased chunks are closed, their pending users become new again,
--           and the fence falls: a processor still at work on one of these chunks writes nothing.
-- Locks     run, chunk, user_spending_data (at most 1,900 rows a statement) in that order
-- Isolation READ COMMITTED, inside the caller's transaction
-- Indexes   pk_chunk, pk_chunk_user, the key of user_spending_data
-- Avoids    lock escalation on user_spending_data, which starts at 5,000 locks of one statement.
--           ix_chunk_claim in the UPDATE of chunk: its keys move with the state, so a chunk could be missed, and its locks
--           come in the opposite order to those of publish.
-- Callers   open_run, change_run_state; never called directly
-- Grants    none: runs with its callers' rights

CREATE OR ALTER PROCEDURE cardgenius.close_run
  @run_id       BIGINT,
  @run_state    VARCHAR(10),                  -- cancelled | failed
  @chunk_state  VARCHAR(10),                  -- cancelled | superseded
  @reason       NVARCHAR(400),
  @now          DATETIME2(3)
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @chunk_no INT = 0, @from INT, @to INT;

  UPDATE cardgenius.run SET round = round WHERE run_id = @run_id;   -- the lock, on every engine

  UPDATE c
     SET c.state = @chunk_state, c.closed_at = @now
    FROM cardgenius.chunk AS c WITH (INDEX (pk_chunk))
   WHERE c.run_id = @run_id AND c.state IN ('open', 'leased');

  UPDATE cardgenius.chunk_attempt
     SET outcome = @chunk_state, ended_at = @now
   WHERE run_id = @run_id AND outcome IS NULL;

  WHILE 1 = 1
  BEGIN
    SELECT @chunk_no = MIN(cu.chunk_no)
    FROM cardgenius.chunk_user AS cu
    WHERE cu.run_id = @run_id;
    IF @chunk_no IS NULL
      BREAK;

    SELECT @from = MIN(cu.user_no), @to = MAX(cu.user_no)
    FROM cardgenius.chunk_user AS cu
    WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no;

    WHILE @from <= @to
    BEGIN
      UPDATE u
         SET u.processing_status = 'new'
           , u.updated_at = @now              --? user_spending_data.updated_at
        FROM cardgenius.chunk_user AS cu WITH (FORCESEEK (pk_chunk_user (run_id, chunk_no, user_no)))
        JOIN dbo.user_spending_data AS u ON u.user_id = cu.user_id
       WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no AND cu.user_no BETWEEN @from AND @from + 1899
         AND u.processing_status = 'pending'
      OPTION (LOOP JOIN, FORCE ORDER);
      SET @from = @from + 1900;
    END;

    DELETE FROM cardgenius.chunk_user WHERE run_id = @run_id AND chunk_no = @chunk_no;
  END;

  UPDATE cardgenius.run
     SET state = @run_state, active_key = run_id, reason = @reason, finished_at = @now
   WHERE run_id = @run_id;
END;
