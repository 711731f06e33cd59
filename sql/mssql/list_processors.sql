-- Purpose   Who is at work: processors that have not left and were seen within so many seconds, for how long each has been silent
--           by the database's clock, and which of them leads. One that was killed never says that it leaves: it grows silent.
-- Answers   a row a processor, the latest started first. Times in UTC
-- Locks     shared, row by row
-- Isolation READ COMMITTED
-- Indexes   pk_processor, pk_leader
-- Avoids    the caller's clock.
-- Callers   cardgenius status; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.list_processors
  @within_seconds  INT,
  @now             DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @time DATETIME2(3) = COALESCE(@now, SYSUTCDATETIME());

  SELECT p.processor_id, p.host, p.pid, p.version, p.started_at, p.last_seen,
         DATEDIFF(SECOND, p.last_seen, @time) AS silent_seconds,
         CAST(CASE WHEN l.owner IS NULL THEN 0 ELSE 1 END AS BIT) AS leads
  FROM cardgenius.processor AS p
  LEFT JOIN cardgenius.leader AS l ON l.owner = p.processor_id AND l.lease_until >= @time
  WHERE p.stopped_at IS NULL AND p.last_seen >= DATEADD(SECOND, -@within_seconds, @time)
  ORDER BY p.started_at DESC, p.processor_id;
END;
