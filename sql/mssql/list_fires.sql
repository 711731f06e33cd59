-- Purpose   The latest slots of a schedule and what came of each. Counts come as FLOAT, times in UTC.
-- Answers   up to @fires rows, the latest first
-- Locks     shared, row by row
-- Isolation READ COMMITTED
-- Indexes   pk_schedule_fire, pk_run
-- Avoids    BIGINT, which the driver gives as text.
-- Callers   cardgenius schedule list; cardgenius serve, for its alerts; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.list_fires
  @schedule  NVARCHAR(100),                   -- NULL: of all schedules
  @fires     INT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT TOP (@fires) f.schedule, f.planned_at, f.decision, f.decided_at, f.decided_by, CAST(f.run_id AS FLOAT) AS run_id,
         f.note, r.state AS run_state, r.finished_at AS run_finished_at
  FROM cardgenius.schedule_fire AS f
  LEFT JOIN cardgenius.run AS r ON r.run_id = f.run_id
  WHERE @schedule IS NULL OR f.schedule = @schedule
  ORDER BY f.planned_at DESC, f.schedule;
END;
