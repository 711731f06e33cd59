-- Purpose   Removes a user from every table of ours, the latest run's included: the law lets a person ask for it. CashKaro's
--           two tables are theirs, and stay: delete there first, or the next run computes the user again. A range of a closed
--           chunk that the user bounds is bounded by a neighbour; a message that quotes the id as a word of its own has *** in
--           its place.
-- Answers   one row: rows_ (removed or changed), spending and cards (1: the user still stands in that table of CashKaro's)
-- Errors    50010 a chunk with the user is open or leased
-- Locks     the rows that it changes; the history's messages are read once
-- Isolation READ COMMITTED
-- Indexes   the keys of both contract tables; tables of ours are read once: none has an index by user alone
-- Avoids    a user forgotten in the middle of a publish: refused while an open or leased chunk has the user.
-- Callers   cardgenius forget; a DBA by hand
-- Grants    EXECUTE for cardgenius_janitor, cardgenius_migrator

CREATE OR ALTER PROCEDURE cardgenius.forget_user
  @user_id  VARCHAR(50),
  @origin   VARCHAR(10) = NULL,               -- as in act; NULL: by hand, in SQL
  @person   NVARCHAR(200) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @rows FLOAT = 0, @spending INT, @cards INT, @affected BIGINT, @changed INT = 1;
  -- The id between characters that are of no id: 12 is not in 123. An id of asterisks alone would be found for ever.
  DECLARE @word NVARCHAR(200) = N'%[^A-Za-z0-9_-]' + REPLACE(REPLACE(REPLACE(@user_id, '[', '[[]'), '%', '[%]'), '_', '[_]')
                                + N'[^A-Za-z0-9_-]%';
  IF @user_id NOT LIKE '%[^*]%' SET @word = NULL;

  BEGIN TRY
    BEGIN TRANSACTION;

    IF EXISTS (SELECT 1
               FROM cardgenius.chunk AS c
               WHERE c.state IN ('open', 'leased')
                 AND (c.user_id_from = @user_id OR c.user_id_to = @user_id
                      OR EXISTS (SELECT 1 FROM cardgenius.chunk_user AS cu
                                 WHERE cu.run_id = c.run_id AND cu.chunk_no = c.chunk_no AND cu.user_id = @user_id)))
      THROW 50010, 'a chunk with this user is open: wait for the run to end, or end it (cardgenius cancel), and ask again', 71;

    DELETE FROM cardgenius.completed_user WHERE user_id = @user_id;
    SET @rows = @rows + @@ROWCOUNT;
    DELETE FROM cardgenius.chunk_user WHERE user_id = @user_id;
    SET @rows = @rows + @@ROWCOUNT;
    DELETE FROM cardgenius.staged_spending WHERE user_id = @user_id;
    SET @rows = @rows + @@ROWCOUNT;

    UPDATE c
       SET c.user_id_from = COALESCE((SELECT MIN(u.user_id) FROM dbo.user_spending_data AS u
                                      WHERE u.user_id > @user_id AND u.user_id <= c.user_id_to), '')
      FROM cardgenius.chunk AS c
     WHERE c.user_id_from = @user_id;
    SET @rows = @rows + @@ROWCOUNT;
    UPDATE c
       SET c.user_id_to = COALESCE((SELECT MAX(u.user_id) FROM dbo.user_spending_data AS u
                                    WHERE u.user_id < @user_id AND u.user_id >= c.user_id_from), '')
      FROM cardgenius.chunk AS c
     WHERE c.user_id_to = @user_id;
    SET @rows = @rows + @@ROWCOUNT;

    WHILE @changed > 0                        -- a pass replaces the first place of each message
    BEGIN
      SET @changed = 0;
      UPDATE cardgenius.chunk
         SET error_message = LEFT(STUFF(error_message, PATINDEX(@word, N' ' + error_message + N' '), LEN(@user_id), '***'), 400)
       WHERE PATINDEX(@word, N' ' + error_message + N' ') > 0;
      SET @changed = @changed + @@ROWCOUNT;
      UPDATE cardgenius.chunk_attempt
         SET error_message = LEFT(STUFF(error_message, PATINDEX(@word, N' ' + error_message + N' '), LEN(@user_id), '***'), 400)
       WHERE PATINDEX(@word, N' ' + error_message + N' ') > 0;
      SET @changed = @changed + @@ROWCOUNT;
      UPDATE cardgenius.run
         SET reason = LEFT(STUFF(reason, PATINDEX(@word, N' ' + reason + N' '), LEN(@user_id), '***'), 400)
       WHERE PATINDEX(@word, N' ' + reason + N' ') > 0;
      SET @changed = @changed + @@ROWCOUNT;
      UPDATE cardgenius.alert
         SET message = LEFT(STUFF(message, PATINDEX(@word, N' ' + message + N' '), LEN(@user_id), '***'), 1000)
       WHERE PATINDEX(@word, N' ' + message + N' ') > 0;
      SET @changed = @changed + @@ROWCOUNT;
      UPDATE cardgenius.act
         SET reason = LEFT(STUFF(reason, PATINDEX(@word, N' ' + reason + N' '), LEN(@user_id), '***'), 400)
       WHERE PATINDEX(@word, N' ' + reason + N' ') > 0;
      SET @changed = @changed + @@ROWCOUNT;
      SET @rows = @rows + @changed;
    END;

    SET @affected = CAST(@rows AS BIGINT);
    EXEC cardgenius.record_act @act = 'forget', @run_id = NULL, @subject = NULL, @affected = @affected, @origin = @origin,
                               @person = @person, @reason = NULL;

    SELECT @spending = COUNT(*) FROM dbo.user_spending_data AS u WHERE u.user_id = @user_id;
    SELECT @cards = COUNT(*) FROM dbo.card_recommendations AS r WHERE r.user_id = @user_id;

    COMMIT TRANSACTION;
    SELECT @rows AS rows_, CASE WHEN @spending > 0 THEN 1 ELSE 0 END AS spending,
           CASE WHEN @cards > 0 THEN 1 ELSE 0 END AS cards;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
