-- Twin of sql/mssql/record_act.sql. Differs in: nothing but the dialect.
-- Callers   change_run_state, open_run, record_fire, see_schedule, forget_user, end_import; cardgenius retry, redo, prune;
--           the dashboard's retry
-- Grants    EXECUTE for cardgenius_processor, cardgenius_janitor, cardgenius_migrator

CREATE OR REPLACE FUNCTION cardgenius.record_act(
  p_act       TEXT,
  p_run_id    BIGINT,
  p_subject   TEXT,
  p_affected  BIGINT,
  p_origin    TEXT,                           -- NULL: the function was called by hand
  p_person    TEXT,
  p_reason    TEXT,
  p_now       TIMESTAMPTZ DEFAULT NULL
)
RETURNS VOID
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  INSERT INTO cardgenius.act (acted_at, act, run_id, subject, affected, origin, person, login, reason)
  VALUES (cardgenius.clock(p_now), p_act, p_run_id, LEFT(p_subject, 200), p_affected, COALESCE(p_origin, 'sql'),
          LEFT(p_person, 200), session_user, LEFT(p_reason, 400));
$$;
