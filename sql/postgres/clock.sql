-- Twin of sql/mssql/clock.sql. Differs in: the schema's owner and superusers stand for db_owner.
-- Callers   every function with p_now
-- Grants    none: called by other procedures

CREATE OR REPLACE FUNCTION cardgenius.clock(p_now TIMESTAMPTZ)
RETURNS TIMESTAMPTZ
LANGUAGE plpgsql AS $$
DECLARE
  v_time  TIMESTAMPTZ := clock_timestamp();
BEGIN
  IF p_now BETWEEN v_time - INTERVAL '10 minutes' AND v_time + INTERVAL '1 second' THEN
    RETURN p_now;
  END IF;
  IF p_now IS NOT NULL AND pg_has_role(session_user, (SELECT n.nspowner FROM pg_namespace AS n WHERE n.nspname = 'cardgenius'),
                                       'MEMBER') THEN
    RETURN p_now;
  END IF;
  RETURN v_time;
END;
$$;
