-- Purpose   For the day the catalogue changes: puts completed users back to new, all of them, those who have a card among their
--           ten, those who were computed before a time, or those who were completed in a run that is over, also where a later
--           run completed them again; or only counts them. Their rows stay until new ones replace them.
--           "Older than" a time means not completed since: a user without a record, because that run was pruned or is
--           older than this table, counts as older.
--           Asked while a run is at work, it may take back users that the run has just completed: they are computed once more.
-- Answers   one row: users
-- Errors    50005 no such run; 50003 the run is not over; 50012 it was a dry run, or its completed users are no longer kept
-- Locks     shared on completed_user and chunk, read once into tempdb (an id for each user completed since, or in the
--           run); the rows that it changes, at most 1,900 a statement; each statement is a transaction of its own
-- Isolation READ COMMITTED
-- Indexes   the keys of both contract tables, pk_chunk, pk_completed_user
-- Avoids    lock escalation on user_spending_data. Scanning it anew for each statement: it is walked once, by key.
-- Callers   cardgenius redo
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.redo_users
  @card_name   VARCHAR(200),                  -- NULL: whatever their cards
  @older_than  DATETIME2(3) = NULL,           -- UTC; NULL: whenever they were computed
  @apply       BIT,                           -- 0: only count them
  @run_id      BIGINT = NULL                  -- NULL: in whatever run
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @users FLOAT = 0, @after VARCHAR(50) = NULL, @until VARCHAR(50),
          @kind VARCHAR(10), @active_key BIGINT, @message NVARCHAR(400);

  IF @run_id IS NOT NULL
  BEGIN
    SELECT @kind = r.kind, @active_key = r.active_key FROM cardgenius.run AS r WHERE r.run_id = @run_id;
    IF @kind IS NULL
    BEGIN
      SET @message = CONCAT('there is no run ', @run_id, ', or prune has forgotten it: see cardgenius runs');
      THROW 50005, @message, 71;
    END;
    IF @active_key = 0
    BEGIN
      SET @message = CONCAT('run ', @run_id, ' is not over: wait for its end, or end it (cardgenius cancel), and ask again');
      THROW 50003, @message, 71;
    END;
    IF @kind = 'dry_run'
    BEGIN
      SET @message = CONCAT('run ', @run_id, ' was a dry run: it has completed no user, and written no cards');
      THROW 50012, @message, 71;
    END;
    IF NOT EXISTS (SELECT 1 FROM cardgenius.completed_user AS d WHERE d.run_id = @run_id)
       AND EXISTS (SELECT 1 FROM cardgenius.chunk AS c WHERE c.run_id = @run_id AND c.completed > 0)
    BEGIN
      SET @message = CONCAT('which users run ', @run_id, ' has completed is no longer kept (prune). With others: ',
                            'cardgenius redo --older-than DATE');
      THROW 50012, @message, 71;
    END;
  END;

  SELECT DISTINCT d.user_id
  INTO #newer                                 -- the type and collation of the key come with it
  FROM cardgenius.completed_user AS d
  JOIN cardgenius.chunk AS c ON c.run_id = d.run_id AND c.chunk_no = d.chunk_no
  WHERE @older_than IS NOT NULL AND (c.closed_at IS NULL OR c.closed_at >= @older_than)
  OPTION (RECOMPILE);
  CREATE UNIQUE CLUSTERED INDEX ux_newer ON #newer (user_id);

  SELECT DISTINCT d.user_id
  INTO #of_run
  FROM cardgenius.completed_user AS d
  WHERE d.run_id = @run_id
  OPTION (RECOMPILE);
  CREATE UNIQUE CLUSTERED INDEX ux_of_run ON #of_run (user_id);

  IF @apply = 0
  BEGIN
    SELECT @users = COUNT_BIG(*)
    FROM dbo.user_spending_data AS u
    WHERE u.processing_status = 'completed'
      AND NOT EXISTS (SELECT 1 FROM #newer AS n WHERE n.user_id = u.user_id)
      AND (@run_id IS NULL OR EXISTS (SELECT 1 FROM #of_run AS o WHERE o.user_id = u.user_id))
      AND (@card_name IS NULL OR EXISTS (SELECT 1 FROM dbo.card_recommendations AS r
                                         WHERE r.user_id = u.user_id AND r.card_name = @card_name))
    OPTION (RECOMPILE);
    SELECT @users AS users;
    RETURN;
  END;

  WHILE 1 = 1
  BEGIN
    SELECT @until = MAX(d.user_id)
    FROM (
      SELECT TOP (1900) u.user_id
      FROM dbo.user_spending_data AS u
      WHERE u.processing_status = 'completed' AND (@after IS NULL OR u.user_id > @after)
        AND NOT EXISTS (SELECT 1 FROM #newer AS n WHERE n.user_id = u.user_id)
        AND (@run_id IS NULL OR EXISTS (SELECT 1 FROM #of_run AS o WHERE o.user_id = u.user_id))
        AND (@card_name IS NULL OR EXISTS (SELECT 1 FROM dbo.card_recommendations AS r
                                           WHERE r.user_id = u.user_id AND r.card_name = @card_name))
      ORDER BY u.user_id
    ) AS d
    OPTION (RECOMPILE);
    IF @until IS NULL
      BREAK;

    -- Those just found, without the users that a run completes meanwhile.
    UPDATE TOP (1900) u
       SET u.processing_status = 'new'
         , u.updated_at = SYSUTCDATETIME()    --? user_spending_data.updated_at
      FROM dbo.user_spending_data AS u
     WHERE u.processing_status = 'completed' AND (@after IS NULL OR u.user_id > @after) AND u.user_id <= @until
       AND NOT EXISTS (SELECT 1 FROM #newer AS n WHERE n.user_id = u.user_id)
       AND (@run_id IS NULL OR EXISTS (SELECT 1 FROM #of_run AS o WHERE o.user_id = u.user_id))
       AND (@card_name IS NULL OR EXISTS (SELECT 1 FROM dbo.card_recommendations AS r
                                          WHERE r.user_id = u.user_id AND r.card_name = @card_name))
    OPTION (RECOMPILE);
    SET @users = @users + @@ROWCOUNT;
    SET @after = @until;
  END;

  SELECT @users AS users;
END;
