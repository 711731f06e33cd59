-- Purpose   The catalogue by which a run computed, as it was kept.
-- Answers   one row: sha256 (hex) and the bytes; none where the run kept none
-- Locks     shared, two rows
-- Isolation READ COMMITTED
-- Indexes   pk_run_catalog, pk_kept_catalog
-- Avoids    nothing: it only reads.
-- Callers   cardgenius catalog export
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.read_catalog
  @run_id  BIGINT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT k.sha256, k.bytes
  FROM cardgenius.run_catalog AS c
  JOIN cardgenius.kept_catalog AS k ON k.sha256 = c.sha256
  WHERE c.run_id = @run_id;
END;
