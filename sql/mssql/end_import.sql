-- Purpose   Writes down that an import is finished, and the act: asked again after a lost answer, only once.
-- Answers   one row (load_no)
-- Locks     one row of import (U, then X), the new row of act
-- Isolation READ COMMITTED
-- Indexes   pk_import
-- Avoids    an import without its act: both are one transaction.
-- Callers   cardgenius import, seed, demo
-- Grants    EXECUTE for cardgenius_importer

CREATE OR ALTER PROCEDURE cardgenius.end_import
  @load_no     BIGINT,
  @duplicates  BIGINT,
  @origin      VARCHAR(10) = NULL,            -- as in act; NULL: by hand, in SQL
  @person      NVARCHAR(200) = NULL,
  @now         DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @subject NVARCHAR(200), @imported BIGINT;

  BEGIN TRY
    BEGIN TRANSACTION;

    SELECT @subject = LEFT(i.source, 200), @imported = COALESCE(i.imported, 0)
    FROM cardgenius.import AS i WITH (UPDLOCK)     -- a second call at the same time waits, and finds it finished
    WHERE i.load_no = @load_no AND i.finished_at IS NULL;

    IF @subject IS NOT NULL
    BEGIN
      UPDATE cardgenius.import
         SET finished_at = cardgenius.clock(@now), duplicates = @duplicates
       WHERE load_no = @load_no;
      EXEC cardgenius.record_act @act = 'import', @run_id = NULL, @subject = @subject, @affected = @imported,
                                 @origin = @origin, @person = @person, @reason = NULL, @now = @now;
    END;

    COMMIT TRANSACTION;
    SELECT @load_no AS load_no;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
