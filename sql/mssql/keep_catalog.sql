-- Purpose   Keeps the bytes of the catalogue by which a run computes, once per SHA-256. Repeated, it changes nothing.
-- Errors    a run that is not there (foreign key)
-- Locks     the new rows of kept_catalog and run_catalog
-- Isolation READ COMMITTED; each INSERT is a transaction of its own
-- Indexes   pk_kept_catalog, pk_run_catalog
-- Avoids    a second copy of the same bytes; where two processors keep them at once, the later one finds the key (2627) and goes
--           on.
-- Callers   cardgenius run, demo, serve: each processor as it takes part in a run
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.keep_catalog
  @run_id  BIGINT,
  @sha256  VARCHAR(64),
  @hex     NVARCHAR(MAX),                     -- the bytes, two hexadecimal digits each
  @now     DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  BEGIN TRY
    INSERT INTO cardgenius.kept_catalog (sha256, kept_at, bytes)
    SELECT @sha256, cardgenius.clock(@now), CONVERT(VARBINARY(MAX), @hex, 2)
    WHERE NOT EXISTS (SELECT 1 FROM cardgenius.kept_catalog AS k WHERE k.sha256 = @sha256);
  END TRY
  BEGIN CATCH
    IF ERROR_NUMBER() NOT IN (2601, 2627) THROW;
  END CATCH;

  BEGIN TRY
    INSERT INTO cardgenius.run_catalog (run_id, sha256)
    SELECT @run_id, @sha256
    WHERE NOT EXISTS (SELECT 1 FROM cardgenius.run_catalog AS c WHERE c.run_id = @run_id);
  END TRY
  BEGIN CATCH
    IF ERROR_NUMBER() NOT IN (2601, 2627) THROW;
  END CATCH;
END;
