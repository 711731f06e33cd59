-- Purpose   What the planner must know of a schedule: since when it is known as it is now, and its latest recorded slot.
--           A new one, or one whose expression or zone has changed, is known from now on: nothing before was missed. So is one
--           that was first seen in the future, while the clock was ahead.
--           Slots that were decided in the future (by more than five minutes) were decided while the clock was ahead, where the
--           caller's own clock agrees with this one (@agrees): they are taken out of the ledger, which leaves an act, and are
--           decided anew. What was fired by hand stays.
-- Answers   one row: known_since, last_planned (NULL: none)
-- Locks     the schedule's row; those of schedule_fire that it takes out
-- Isolation READ COMMITTED
-- Indexes   pk_schedule, pk_schedule_fire
-- Avoids    two leaders that both find none: UPDLOCK, and the key refuses the second, which asks again.
--           A scan of the ledger at each look: where slots were decided in the future, the latest is one of them.
-- Callers   cardgenius serve, where it leads
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.see_schedule
  @schedule   NVARCHAR(100),
  @cron       VARCHAR(200),
  @time_zone  VARCHAR(100),
  @agrees     BIT = 1,
  @now        DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now), @latest DATETIME2(3), @decided_at DATETIME2(3), @anew BIGINT;
  SET @latest = DATEADD(MINUTE, 5, @time);

  UPDATE cardgenius.schedule
     SET cron = @cron, time_zone = @time_zone, known_since = @time
   WHERE schedule = @schedule AND (cron <> @cron OR time_zone <> @time_zone OR known_since > @time);

  INSERT INTO cardgenius.schedule (schedule, cron, time_zone, known_since)
  SELECT @schedule, @cron, @time_zone, @time
  WHERE NOT EXISTS (SELECT 1 FROM cardgenius.schedule AS s WITH (UPDLOCK) WHERE s.schedule = @schedule);

  SELECT TOP (1) @decided_at = f.decided_at
  FROM cardgenius.schedule_fire AS f
  WHERE f.schedule = @schedule AND f.decision <> 'manual'
  ORDER BY f.planned_at DESC;

  IF @agrees = 1 AND @decided_at > @latest
  BEGIN
    BEGIN TRY
      BEGIN TRANSACTION;
      DELETE FROM cardgenius.schedule_fire WHERE schedule = @schedule AND decision <> 'manual' AND decided_at > @latest;
      SET @anew = @@ROWCOUNT;
      EXEC cardgenius.record_act @act = 'clock', @run_id = NULL, @subject = @schedule, @affected = @anew, @origin = 'processor',
                                 @person = NULL,
                                 @reason = 'slots that were decided in the future, while the clock was ahead, are decided anew',
                                 @now = @time;
      COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
      IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
      THROW;
    END CATCH;
  END;

  SELECT s.known_since,
         (SELECT MAX(f.planned_at) FROM cardgenius.schedule_fire AS f
          WHERE f.schedule = s.schedule AND f.decision <> 'manual') AS last_planned
  FROM cardgenius.schedule AS s
  WHERE s.schedule = @schedule;
END;
