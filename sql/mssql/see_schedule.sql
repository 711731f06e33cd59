-- Purpose   What the planner must know of a schedule: since when it is known as it is now, and its latest recorded slot.
--           A new one, or one whose expression or zone has changed, is known from now on: nothing before was missed.
-- Answers   one row: known_since, last_planned (NULL: none)
-- Locks     the schedule's row
-- Isolation READ COMMITTED
-- Indexes   pk_schedule, pk_schedule_fire
-- Avoids    two leaders who both find none: UPDLOCK, and the key refuses the second, who asks again.
-- Callers   cardgenius serve, where it leads
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.see_schedule
  @schedule   NVARCHAR(100),
  @cron       VARCHAR(200),
  @time_zone  VARCHAR(100),
  @now        DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now);

  UPDATE cardgenius.schedule
     SET cron = @cron, time_zone = @time_zone, known_since = @time
   WHERE schedule = @schedule AND (cron <> @cron OR time_zone <> @time_zone);

  INSERT INTO cardgenius.schedule (schedule, cron, time_zone, known_since)
  SELECT @schedule, @cron, @time_zone, @time
  WHERE NOT EXISTS (SELECT 1 FROM cardgenius.schedule AS s WITH (UPDLOCK) WHERE s.schedule = @schedule);

  SELECT s.known_since,
         (SELECT MAX(f.planned_at) FROM cardgenius.schedule_fire AS f
          WHERE f.schedule = s.schedule AND f.decision <> 'manual') AS last_planned
  FROM cardgenius.schedule AS s
  WHERE s.schedule = @schedule;
END;
