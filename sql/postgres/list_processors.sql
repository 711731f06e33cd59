-- Purpose   Who is at work: processors that have not left and were seen within so many seconds, for how long each has been silent
--           by the database's clock, and which of them leads. One that was killed never says that it leaves: it grows silent.
-- Answers   a row a processor, the latest started first
-- Locks     none
-- Isolation READ COMMITTED
-- Indexes   pk_processor, pk_leader
-- Callers   cardgenius status; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.list_processors(p_within_seconds INTEGER, p_now TIMESTAMPTZ DEFAULT NULL)
RETURNS TABLE (processor_id TEXT, host TEXT, pid INTEGER, version TEXT, started_at TIMESTAMPTZ, last_seen TIMESTAMPTZ,
               silent_seconds INTEGER, leads BOOLEAN)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_now  TIMESTAMPTZ := COALESCE(p_now, clock_timestamp());
BEGIN
  RETURN QUERY
  SELECT p.processor_id::TEXT, p.host::TEXT, p.pid, p.version::TEXT, p.started_at, p.last_seen,
         EXTRACT(EPOCH FROM v_now - p.last_seen)::INTEGER, l.owner IS NOT NULL
  FROM cardgenius.processor AS p
  LEFT JOIN cardgenius.leader AS l ON l.owner = p.processor_id AND l.lease_until >= v_now
  WHERE p.stopped_at IS NULL AND p.last_seen >= v_now - make_interval(secs => p_within_seconds)
  ORDER BY p.started_at DESC, p.processor_id;
END;
$$;
