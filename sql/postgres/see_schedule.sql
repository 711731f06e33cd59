-- Twin of sql/mssql/see_schedule.sql. Differs in: nothing but the dialect.
-- Callers   cardgenius serve, where it leads
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.see_schedule(
  p_schedule   TEXT,
  p_cron       TEXT,
  p_time_zone  TEXT,
  p_now        TIMESTAMPTZ DEFAULT NULL
)
RETURNS TABLE (known_since TIMESTAMPTZ, last_planned TIMESTAMPTZ)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  INSERT INTO cardgenius.schedule AS s (schedule, cron, time_zone, known_since)
  VALUES (p_schedule, p_cron, p_time_zone, date_trunc('milliseconds', cardgenius.clock(p_now)))
  ON CONFLICT (schedule) DO UPDATE
    SET cron = EXCLUDED.cron, time_zone = EXCLUDED.time_zone, known_since = EXCLUDED.known_since
    WHERE s.cron <> EXCLUDED.cron OR s.time_zone <> EXCLUDED.time_zone;

  RETURN QUERY
  SELECT s.known_since,
         (SELECT MAX(f.planned_at) FROM cardgenius.schedule_fire AS f
          WHERE f.schedule = s.schedule AND f.decision <> 'manual')
  FROM cardgenius.schedule AS s
  WHERE s.schedule = p_schedule;
END;
$$;
