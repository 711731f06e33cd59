-- Purpose   The state of a chunk and its counts: what publish_chunk answers.
-- Answers   one row
-- Locks     shared, one row
-- Isolation READ COMMITTED
-- Indexes   pk_chunk
-- Avoids    nothing of note.
-- Callers   publish_chunk; never called directly
-- Grants    none: runs with its caller's rights

CREATE OR ALTER PROCEDURE cardgenius.chunk_result
  @run_id    BIGINT,
  @chunk_no  INT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT c.state, c.users, c.completed, c.failed, c.changed, c.gone, c.rows_written, c.rows_unchanged
  FROM cardgenius.chunk AS c
  WHERE c.run_id = @run_id AND c.chunk_no = @chunk_no;
END;
