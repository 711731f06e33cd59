-- Purpose   Cuts the users that are due into key ranges of the run's chunk size: one round of a run. One pass, by
--           rank over the key, so that chunks are equal however sparse the due users lie. Tells the chunks made.
--           Due are users that are new, or left pending by a run that is over (within a run no user is pending by now).
-- Locks     row locks on the new chunks. Reads user_spending_data row by row, as READ COMMITTED does.
-- Isolation READ COMMITTED, inside the caller's transaction
-- Indexes   the key of user_spending_data, or the optional (processing_status, user_id) of tuning/status_index.sql
-- Avoids    OFFSET paging: a range is cut once, and a restart reads the same range again.
-- Callers   open_run, advance_run; never called directly
-- Grants    none: runs with its callers' rights

CREATE OR ALTER PROCEDURE cardgenius.plan_round
  @run_id  BIGINT,
  @round   INT,
  @now     DATETIME2(3),
  @chunks  INT OUTPUT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @chunk_size INT, @user_limit BIGINT, @last_no INT;

  SELECT @chunk_size = r.chunk_size, @user_limit = COALESCE(r.user_limit, 9223372036854775807)
  FROM cardgenius.run AS r
  WHERE r.run_id = @run_id;

  SELECT @last_no = COALESCE(MAX(c.chunk_no), 0)
  FROM cardgenius.chunk AS c
  WHERE c.run_id = @run_id;

  INSERT INTO cardgenius.chunk
    (run_id, chunk_no, round, state, user_id_from, user_id_to, planned_users, not_before)
  SELECT @run_id, @last_no + 1 + cut.range_no, @round, 'open', MIN(cut.user_id), MAX(cut.user_id), COUNT(*), @now
  FROM (
    SELECT due.user_id, CAST((ROW_NUMBER() OVER (ORDER BY due.user_id) - 1) / @chunk_size AS INT) AS range_no
    FROM (
      SELECT TOP (@user_limit) u.user_id
      FROM dbo.user_spending_data AS u
      WHERE u.processing_status IN ('new', 'pending')
      ORDER BY u.user_id
    ) AS due
  ) AS cut
  GROUP BY cut.range_no
  OPTION (RECOMPILE);                         -- a TOP that the plan must know

  SET @chunks = @@ROWCOUNT;
END;
