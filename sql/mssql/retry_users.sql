-- Purpose   Puts failed users back to new, so that the next run takes them: all of them, or those that match every filter
--           given. A run's failed users are those of its chunks that had any.
-- Answers   one row: users
-- Locks     the rows that it changes, at most 1,900 a statement; each statement is a transaction of its own
-- Isolation READ COMMITTED
-- Indexes   the key of user_spending_data, or the optional (processing_status, user_id) of tuning/status_index.sql
-- Avoids    lock escalation on user_spending_data. Scanning it anew for each statement: it is walked once, by key.
-- Callers   cardgenius retry; the dashboard of run and of serve
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.retry_users
  @run_id   BIGINT,                           -- NULL: of any run
  @user_id  VARCHAR(50),                      -- NULL: any user
  @code     VARCHAR(50),                      -- NULL: whatever the reason; OTHER: a reason without a code, as in failed_user
  @seconds  INT = NULL                        -- failed longer ago; NULL: whenever. Without last_processed_at a user failed when
                                              -- the last chunk of that range with a failed user was closed: never too early
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @before DATETIME2(3) = DATEADD(SECOND, -@seconds, SYSUTCDATETIME());
  DECLARE @users FLOAT = 0, @after VARCHAR(50) = NULL, @until VARCHAR(50);

  WHILE 1 = 1
  BEGIN
    SELECT @until = MAX(f.user_id)
    FROM (
      SELECT TOP (1900) u.user_id
      FROM dbo.user_spending_data AS u
      WHERE u.processing_status = 'failed' AND (@after IS NULL OR u.user_id > @after)
        AND (@user_id IS NULL OR u.user_id = @user_id)
      ORDER BY u.user_id
    ) AS f
    OPTION (RECOMPILE);
    IF @until IS NULL
      BREAK;

    UPDATE TOP (1900) u
       SET u.processing_status = 'new', u.processing_error = NULL
         , u.updated_at = SYSUTCDATETIME()    --? user_spending_data.updated_at
      FROM dbo.user_spending_data AS u
     WHERE u.processing_status = 'failed' AND (@after IS NULL OR u.user_id > @after) AND u.user_id <= @until
       AND (@user_id IS NULL OR u.user_id = @user_id)
       AND (@code IS NULL OR LEFT(CAST(u.processing_error AS VARCHAR(4000)), LEN(@code) + 1) = @code + ':'
            OR (@code = 'OTHER' AND COALESCE(CHARINDEX(':', CAST(u.processing_error AS VARCHAR(4000))), 0) <= 1))
       AND (@before IS NULL OR u.last_processed_at < @before)           --? user_spending_data.last_processed_at
       AND (@before IS NULL OR NOT EXISTS (                        --? !user_spending_data.last_processed_at
             SELECT 1 FROM cardgenius.chunk AS c                          --? !user_spending_data.last_processed_at
             WHERE c.failed > 0 AND COALESCE(c.closed_at, @before) >= @before     --? !user_spending_data.last_processed_at
               AND u.user_id BETWEEN c.user_id_from AND c.user_id_to))    --? !user_spending_data.last_processed_at
       AND (@run_id IS NULL OR EXISTS (
             SELECT 1 FROM cardgenius.chunk AS c
             WHERE c.run_id = @run_id AND c.failed > 0 AND u.user_id BETWEEN c.user_id_from AND c.user_id_to))
    OPTION (RECOMPILE);
    SET @users = @users + @@ROWCOUNT;
    SET @after = @until;
  END;

  SELECT @users AS users;
END;
