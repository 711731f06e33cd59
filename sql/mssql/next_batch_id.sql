-- Purpose   The number of the batch that is being opened: BATCH_, the day where the schedule is, _ and the run's number within
--           that day, at least three digits. Never below the last one: where the clock was set back, or the zone is another,
--           the last day is kept and the number goes on.
-- Locks     the one row of last_batch, until the caller's transaction ends
-- Isolation READ COMMITTED, inside the caller's transaction
-- Indexes   pk_last_batch
-- Avoids    counting in run: prune forgets runs.
-- Callers   open_run, under its application lock; never called directly
-- Grants    none: runs with its caller's rights

CREATE OR ALTER PROCEDURE cardgenius.next_batch_id
  @utc_offset  INT,                           -- minutes that the schedule's zone is ahead of UTC
  @now         DATETIME2(3),
  @batch_id    VARCHAR(50) OUTPUT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @day CHAR(8) = CONVERT(CHAR(8), CAST(DATEADD(MINUTE, @utc_offset, @now) AS DATE), 112);

  UPDATE cardgenius.last_batch
     SET batch_no = CASE WHEN batch_day < @day THEN 1 ELSE batch_no + 1 END,
         batch_day = CASE WHEN batch_day < @day THEN @day ELSE batch_day END
   WHERE slot = 1;

  SELECT @batch_id = CONCAT('BATCH_', b.batch_day, '_',
                            CASE WHEN b.batch_no < 1000 THEN RIGHT(CONCAT('00', b.batch_no), 3)
                                 ELSE CAST(b.batch_no AS VARCHAR(10)) END)
  FROM cardgenius.last_batch AS b
  WHERE b.slot = 1;
END;
