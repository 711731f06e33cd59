-- Purpose   For the day the catalogue changes: puts completed users back to new, all of them or those who have a card among
--           their ten; or only counts them. Their rows stay until new ones replace them.
-- Answers   one row: users
-- Locks     the rows that it changes, at most 1,900 a statement; each statement is a transaction of its own
-- Isolation READ COMMITTED
-- Indexes   the keys of both contract tables
-- Avoids    lock escalation on user_spending_data.
-- Callers   cardgenius redo
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.redo_users
  @card_name  VARCHAR(200),                   -- NULL: all completed users
  @apply      BIT                             -- 0: only count them
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @users FLOAT = 0, @rows INT = 1;

  IF @apply = 0
  BEGIN
    SELECT @users = COUNT_BIG(*)
    FROM dbo.user_spending_data AS u
    WHERE u.processing_status = 'completed'
      AND (@card_name IS NULL OR EXISTS (SELECT 1 FROM dbo.card_recommendations AS r
                                         WHERE r.user_id = u.user_id AND r.card_name = @card_name));
    SELECT @users AS users;
    RETURN;
  END;

  WHILE @rows > 0
  BEGIN
    UPDATE TOP (1900) u
       SET u.processing_status = 'new'
      FROM dbo.user_spending_data AS u
     WHERE u.processing_status = 'completed'
       AND (@card_name IS NULL OR EXISTS (SELECT 1 FROM dbo.card_recommendations AS r
                                          WHERE r.user_id = u.user_id AND r.card_name = @card_name));
    SET @rows = @@ROWCOUNT;
    SET @users = @users + @rows;
  END;

  SELECT @users AS users;
END;
