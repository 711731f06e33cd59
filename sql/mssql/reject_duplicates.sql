-- Purpose   Takes the second and later rows of an id out of an import; the first goes in. Whether two ids are the same is
--           the database's own word: the collation of user_spending_data.user_id.
-- Answers   a row each: line_no, user_id, first_line_no
-- Locks     the rows that it deletes
-- Isolation READ COMMITTED
-- Indexes   pk_staged_spending
-- Avoids    two rows of one user in the MERGE of publish_import (error 8672).
-- Callers   cardgenius import, seed, demo: once all rows are staged
-- Grants    EXECUTE for cardgenius_importer

CREATE OR ALTER PROCEDURE cardgenius.reject_duplicates
  @load_no  BIGINT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  BEGIN TRY
    BEGIN TRANSACTION;

    SELECT numbered.line_no, numbered.user_id, numbered.first_line_no
    INTO #duplicate
    FROM (
      SELECT s.line_no, s.user_id, MIN(s.line_no) OVER (PARTITION BY s.user_id) AS first_line_no
      FROM cardgenius.staged_spending AS s
      WHERE s.load_no = @load_no
    ) AS numbered
    WHERE numbered.line_no > numbered.first_line_no;

    DELETE s
    FROM cardgenius.staged_spending AS s
    JOIN #duplicate AS d ON d.line_no = s.line_no
    WHERE s.load_no = @load_no;

    COMMIT TRANSACTION;
    SELECT d.line_no, d.user_id, d.first_line_no FROM #duplicate AS d ORDER BY d.line_no;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
