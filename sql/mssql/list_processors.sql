-- Purpose   The processors that were seen lately: alive since when, and which one leads. Their leases are in chunk.
-- Answers   up to @processors rows, those seen last first: processor_id, host, pid, version, started_at, last_seen,
--           stopped_at (NULL: it did not say goodbye), silent_seconds (how far last_seen is from now, by this server's clock:
--           one in the future was written while the clock was ahead), leads
-- Locks     shared, row by row
-- Isolation READ COMMITTED
-- Indexes   pk_processor, pk_leader
-- Avoids    nothing: it only reads, and the table is small.
-- Callers   cardgenius status; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.list_processors
  @processors  INT,
  @now         DATETIME2(3) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now);

  SELECT TOP (@processors) p.processor_id, p.host, p.pid, p.version, p.started_at, p.last_seen, p.stopped_at,
         ABS(DATEDIFF(SECOND, p.last_seen, @time)) AS silent_seconds,
         CAST(CASE WHEN l.slot IS NULL THEN 0 ELSE 1 END AS BIT) AS leads
  FROM cardgenius.processor AS p
  LEFT JOIN cardgenius.leader AS l ON l.owner = p.processor_id AND l.lease_until BETWEEN @time AND DATEADD(HOUR, 2, @time)
  ORDER BY p.last_seen DESC, p.processor_id;
END;
