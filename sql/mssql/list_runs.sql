-- Purpose   The latest runs with their sums, the latest first: what read_run answers, at most @runs rows.
-- Locks     none: this only shows, and waits for no publish
-- Isolation READ UNCOMMITTED, within read_run
-- Indexes   those of read_run
-- Avoids    a second list of read_run's columns
-- Callers   cardgenius runs; cardgenius serve, for its alerts; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.list_runs
  @runs  INT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  EXEC cardgenius.read_run @run_id = NULL, @wait = 0, @runs = @runs;
END;
