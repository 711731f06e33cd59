-- Twin of sql/mssql/see_schedule.sql. Differs in: nothing but the dialect.
-- Callers   cardgenius serve, where it leads
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.see_schedule(
  p_schedule   TEXT,
  p_cron       TEXT,
  p_time_zone  TEXT,
  p_agrees     BOOLEAN DEFAULT TRUE,
  p_now        TIMESTAMPTZ DEFAULT NULL
)
RETURNS TABLE (known_since TIMESTAMPTZ, last_planned TIMESTAMPTZ)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_now         TIMESTAMPTZ := date_trunc('milliseconds', cardgenius.clock(p_now));
  v_latest      TIMESTAMPTZ := v_now + INTERVAL '5 minutes';
  v_decided_at  TIMESTAMPTZ;
  v_anew        BIGINT;
BEGIN
  INSERT INTO cardgenius.schedule AS s (schedule, cron, time_zone, known_since)
  VALUES (p_schedule, p_cron, p_time_zone, v_now)
  ON CONFLICT (schedule) DO UPDATE
    SET cron = EXCLUDED.cron, time_zone = EXCLUDED.time_zone, known_since = EXCLUDED.known_since
    WHERE s.cron <> EXCLUDED.cron OR s.time_zone <> EXCLUDED.time_zone OR s.known_since > v_now;

  SELECT f.decided_at INTO v_decided_at
  FROM cardgenius.schedule_fire AS f
  WHERE f.schedule = p_schedule AND f.decision <> 'manual'
  ORDER BY f.planned_at DESC
  LIMIT 1;

  IF p_agrees AND v_decided_at > v_latest THEN
    DELETE FROM cardgenius.schedule_fire AS f
    WHERE f.schedule = p_schedule AND f.decision <> 'manual' AND f.decided_at > v_latest;
    GET DIAGNOSTICS v_anew = ROW_COUNT;
    PERFORM cardgenius.record_act('clock', NULL, p_schedule, v_anew, 'processor', NULL,
                                  'slots that were decided in the future, while the clock was ahead, are decided anew', v_now);
  END IF;

  RETURN QUERY
  SELECT s.known_since,
         (SELECT MAX(f.planned_at) FROM cardgenius.schedule_fire AS f
          WHERE f.schedule = s.schedule AND f.decision <> 'manual')
  FROM cardgenius.schedule AS s
  WHERE s.schedule = p_schedule;
END;
$$;
