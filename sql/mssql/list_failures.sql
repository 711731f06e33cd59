-- Purpose   The next failed users after a user id, with code and reason, in the order of the key.
-- Answers   user_id, code (NULL where the text has none), processing_error; at most @users rows
-- Locks     shared, row by row
-- Isolation READ COMMITTED: each page is consistent in itself
-- Indexes   the key of user_spending_data, or the optional (processing_status, user_id) of tuning/status_index.sql
-- Avoids    OFFSET paging.
-- Callers   cardgenius errors; the dashboard
-- Grants    EXECUTE for cardgenius_reader

CREATE OR ALTER PROCEDURE cardgenius.list_failures
  @after_user_id  VARCHAR(50),                -- NULL: from the start
  @users          INT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT TOP (@users) f.user_id, f.code, f.processing_error
  FROM cardgenius.failed_user AS f
  WHERE f.user_id > COALESCE(@after_user_id, '')
  ORDER BY f.user_id
  OPTION (RECOMPILE);
END;
