-- Twin of sql/mssql/list_fires.sql. Differs in: Purpose, Answers, Locks.
-- Purpose   The latest slots of a schedule and what came of each. Counts come as doubles, times as they are (UTC).
-- Answers   up to p_fires rows, the latest first
-- Locks     none
-- Callers   cardgenius schedule list; cardgenius serve, for its alerts; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.list_fires(p_schedule TEXT, p_fires INTEGER)
RETURNS TABLE (schedule TEXT, planned_at TIMESTAMPTZ, decision TEXT, decided_at TIMESTAMPTZ, decided_by TEXT, run_id FLOAT8,
               note TEXT, run_state TEXT, run_finished_at TIMESTAMPTZ)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT f.schedule::TEXT, f.planned_at, f.decision::TEXT, f.decided_at, f.decided_by::TEXT, f.run_id::FLOAT8, f.note::TEXT,
         r.state::TEXT, r.finished_at
  FROM cardgenius.schedule_fire AS f
  LEFT JOIN cardgenius.run AS r ON r.run_id = f.run_id
  WHERE p_schedule IS NULL OR f.schedule = p_schedule
  ORDER BY f.planned_at DESC, f.schedule
  LIMIT p_fires;
$$;
