-- Purpose   Deletes the recommendations of the next users, in the order of the key, who are no longer in user_spending_data.
-- Answers   one row: last_user_id (NULL: there was none left), deleted (rows)
-- Locks     the rows that it deletes: 300 users, some 3,000 rows; the call is a transaction of its own
-- Isolation READ COMMITTED
-- Indexes   the keys of both contract tables
-- Avoids    a user who comes back meanwhile: looked at once more by the DELETE itself, under a lock, also where the database
--           reads row versions (READCOMMITTEDLOCK).
--           A DELETE over the range between the first and the last of them, which would lock every row between: the ids are kept.
--           A run's way: a publish only writes users who are there.
-- Callers   cardgenius prune --orphans
-- Grants    EXECUTE for cardgenius_janitor, cardgenius_migrator

CREATE OR ALTER PROCEDURE cardgenius.prune_orphans
  @after_user_id  VARCHAR(50)                 -- NULL: from the start
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @after VARCHAR(50) = COALESCE(@after_user_id, ''), @last VARCHAR(50), @deleted INT = 0;

  SELECT page.user_id                         -- the type and collation of the key come with it
  INTO #page
  FROM (SELECT DISTINCT TOP (300) r.user_id
        FROM dbo.card_recommendations AS r
        WHERE r.user_id > @after
          AND NOT EXISTS (SELECT 1 FROM dbo.user_spending_data AS u WHERE u.user_id = r.user_id)
        ORDER BY r.user_id) AS page;
  SELECT @last = MAX(page.user_id) FROM #page AS page;

  IF @last IS NOT NULL
  BEGIN
    DELETE r
    FROM #page AS page
    JOIN dbo.card_recommendations AS r ON r.user_id = page.user_id
    WHERE NOT EXISTS (SELECT 1 FROM dbo.user_spending_data AS u WITH (READCOMMITTEDLOCK) WHERE u.user_id = page.user_id)
    OPTION (LOOP JOIN, FORCE ORDER);
    SET @deleted = @@ROWCOUNT;
  END;

  SELECT @last AS last_user_id, @deleted AS deleted;
END;
