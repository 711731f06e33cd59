-- Twin of sql/mssql/list_processors.sql. Differs in: Answers, Locks.
-- Answers   up to p_processors rows, those seen last first: processor_id, host, pid, version, started_at, last_seen,
--           stopped_at (NULL: it did not say goodbye), silent_seconds (how far last_seen is from now, by this server's clock:
--           one in the future was written while the clock was ahead), leads
-- Locks     none
-- Callers   cardgenius status; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.list_processors(p_processors INTEGER, p_now TIMESTAMPTZ DEFAULT NULL)
RETURNS TABLE (
  processor_id TEXT, host TEXT, pid INTEGER, version TEXT, started_at TIMESTAMPTZ, last_seen TIMESTAMPTZ,
  stopped_at TIMESTAMPTZ, silent_seconds INTEGER, leads BOOLEAN
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT p.processor_id::TEXT, p.host::TEXT, p.pid, p.version::TEXT, p.started_at, p.last_seen, p.stopped_at,
         FLOOR(ABS(EXTRACT(EPOCH FROM cardgenius.clock(p_now) - p.last_seen)))::INTEGER,
         l.slot IS NOT NULL
  FROM cardgenius.processor AS p
  LEFT JOIN cardgenius.leader AS l
    ON l.owner = p.processor_id
   AND l.lease_until BETWEEN cardgenius.clock(p_now) AND cardgenius.clock(p_now) + INTERVAL '2 hours'
  ORDER BY p.last_seen DESC, p.processor_id
  LIMIT p_processors;
$$;
