-- Twin of sql/mssql/lead.sql. Differs in: nothing but the dialect.
-- Callers   cardgenius serve, every third of a lease
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.lead(
  p_processor      TEXT,
  p_host           TEXT,
  p_pid            INTEGER,
  p_version        TEXT,
  p_lease_seconds  INTEGER,
  p_now            TIMESTAMPTZ DEFAULT NULL
)
RETURNS TABLE (owner TEXT, elected_at TIMESTAMPTZ, lease_until TIMESTAMPTZ, now_at TIMESTAMPTZ, clock_back_seconds INTEGER)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_now     TIMESTAMPTZ := date_trunc('milliseconds', cardgenius.clock(p_now));
  v_latest  TIMESTAMPTZ := v_now + 2 * p_lease_seconds * INTERVAL '1 second';
  v_back    INTEGER;
BEGIN
  INSERT INTO cardgenius.processor (processor_id, host, pid, version, started_at, last_seen)
  VALUES (p_processor, p_host, p_pid, p_version, v_now, v_now)
  ON CONFLICT (processor_id) DO UPDATE SET last_seen = v_now, stopped_at = NULL, version = p_version;

  SELECT CASE WHEN l.lease_until > v_latest
              THEN EXTRACT(EPOCH FROM l.lease_until - v_now)::INTEGER - p_lease_seconds ELSE 0 END INTO v_back
  FROM cardgenius.leader AS l
  WHERE l.slot = 1;

  INSERT INTO cardgenius.leader AS l (slot, owner, elected_at, lease_until)
  VALUES (1, p_processor, v_now, v_now + p_lease_seconds * INTERVAL '1 second')
  ON CONFLICT (slot) DO UPDATE
    SET elected_at = CASE WHEN l.owner = p_processor AND l.lease_until BETWEEN v_now AND v_latest AND l.elected_at <= v_now
                          THEN l.elected_at ELSE v_now END,
        owner = p_processor,
        lease_until = EXCLUDED.lease_until
    WHERE l.owner = p_processor OR l.lease_until < v_now OR l.lease_until > v_latest;

  RETURN QUERY
  SELECT l.owner::TEXT, l.elected_at, l.lease_until, v_now, COALESCE(v_back, 0)
  FROM cardgenius.leader AS l
  WHERE l.slot = 1;
END;
$$;
