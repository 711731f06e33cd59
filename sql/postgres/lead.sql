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
RETURNS TABLE (owner TEXT, elected_at TIMESTAMPTZ, lease_until TIMESTAMPTZ, now_at TIMESTAMPTZ)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_now  TIMESTAMPTZ := date_trunc('milliseconds', cardgenius.clock(p_now));
BEGIN
  INSERT INTO cardgenius.processor (processor_id, host, pid, version, started_at, last_seen)
  VALUES (p_processor, p_host, p_pid, p_version, v_now, v_now)
  ON CONFLICT (processor_id) DO UPDATE SET last_seen = v_now, stopped_at = NULL;

  INSERT INTO cardgenius.leader AS l (slot, owner, elected_at, lease_until)
  VALUES (1, p_processor, v_now, v_now + p_lease_seconds * INTERVAL '1 second')
  ON CONFLICT (slot) DO UPDATE
    SET elected_at = CASE WHEN l.owner = p_processor AND l.lease_until >= v_now THEN l.elected_at ELSE v_now END,
        owner = p_processor,
        lease_until = EXCLUDED.lease_until
    WHERE l.owner = p_processor OR l.lease_until < v_now;

  RETURN QUERY SELECT l.owner::TEXT, l.elected_at, l.lease_until, v_now FROM cardgenius.leader AS l WHERE l.slot = 1;
END;
$$;
