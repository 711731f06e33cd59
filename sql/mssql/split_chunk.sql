-- Purpose   Halves a chunk whose lease ran out five times in a row, so that the user who kills the process comes to
--           stand alone; a chunk of one user fails that user (ENGINE_CRASHED). The halves inherit the set by its key
--           ranges: its users are pending, and a first claim takes the pending ones of its range first.
-- Locks     the chunk's row (held by the caller), its user_spending_data row where one user is left
-- Isolation READ COMMITTED, inside the caller's transaction
-- Indexes   pk_chunk, pk_chunk_user
-- Avoids    two claimers that split at once and take the same next number: an application lock.
-- Errors    50006 another claimer is splitting
-- Callers   claim_chunk, which has just put the chunk under a token of its own; never called directly
-- Grants    none: runs with its caller's rights

CREATE OR ALTER PROCEDURE cardgenius.split_chunk
  @run_id    BIGINT,
  @chunk_no  INT,
  @kind      VARCHAR(10),
  @now       DATETIME2(3)
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @left INT, @half INT, @last_no INT, @token UNIQUEIDENTIFIER, @locked INT;

  SELECT @left = COUNT(*)
  FROM cardgenius.chunk_user AS cu
  WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no;

  IF @left <= 1
  BEGIN
    SELECT @token = c.lease_token FROM cardgenius.chunk AS c WHERE c.run_id = @run_id AND c.chunk_no = @chunk_no;
    EXEC cardgenius.publish_chunk @run_id = @run_id, @chunk_no = @chunk_no, @token = @token,
         @failure_code = 'ENGINE_CRASHED', @failure_message = 'the process computing this user died five times in a row',
         @now = @now, @answer = 0, @kind = @kind;
    RETURN;
  END;

  EXEC @locked = sp_getapplock @Resource = 'cardgenius.split_chunk', @LockMode = 'Exclusive',
                               @LockOwner = 'Transaction', @LockTimeout = 10000;
  IF @locked < 0
    THROW 50006, 'another processor is splitting a chunk: ask again in a moment', 71;

  SET @half = (@left + 1) / 2;
  SELECT @last_no = MAX(c.chunk_no) FROM cardgenius.chunk AS c WHERE c.run_id = @run_id;

  INSERT INTO cardgenius.chunk
    (run_id, chunk_no, round, state, user_id_from, user_id_to, planned_users, parent_no, not_before)
  SELECT @run_id, @last_no + half.half_no, parent.round, 'open', half.user_id_from, half.user_id_to, half.users,
         @chunk_no, @now
  FROM (
    SELECT numbered.half_no, MIN(numbered.user_id) AS user_id_from, MAX(numbered.user_id) AS user_id_to,
           COUNT(*) AS users
    FROM (
      SELECT cu.user_id, CASE WHEN ROW_NUMBER() OVER (ORDER BY cu.user_id) <= @half THEN 1 ELSE 2 END AS half_no
      FROM cardgenius.chunk_user AS cu
      WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no
    ) AS numbered
    GROUP BY numbered.half_no
  ) AS half
  CROSS JOIN cardgenius.chunk AS parent
  WHERE parent.run_id = @run_id AND parent.chunk_no = @chunk_no;

  DELETE FROM cardgenius.chunk_user WHERE run_id = @run_id AND chunk_no = @chunk_no;

  UPDATE cardgenius.chunk
     SET state = 'split', closed_at = @now, error_code = 'ENGINE_CRASHED',
         error_message = 'five leases in a row ran out: halved'
   WHERE run_id = @run_id AND chunk_no = @chunk_no;
END;
