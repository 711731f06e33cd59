-- Twin of sql/mssql/list_acts.sql. Differs in: Answers, Locks.
-- Answers   up to p_acts rows, the latest first
-- Locks     none
-- Callers   cardgenius runs show, runs acts; the dashboard
-- Grants    EXECUTE for cardgenius_reader, cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.list_acts(p_run_id BIGINT, p_acts INTEGER)
RETURNS TABLE (act_id BIGINT, acted_at TIMESTAMPTZ, act TEXT, run_id BIGINT, subject TEXT, affected BIGINT, origin TEXT,
               person TEXT, login TEXT, reason TEXT)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT a.act_id, a.acted_at, a.act::TEXT, a.run_id, a.subject::TEXT, a.affected, a.origin::TEXT, a.person::TEXT,
         a.login::TEXT, a.reason::TEXT
  FROM cardgenius.act AS a
  WHERE p_run_id IS NULL OR a.run_id = p_run_id
  ORDER BY a.act_id DESC
  LIMIT p_acts;
$$;
