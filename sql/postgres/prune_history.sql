-- Twin of sql/mssql/prune_history.sql. Differs in: Errors, Locks.
-- Errors    P0001 no such kind of history
-- Locks     the rows that it deletes, at most 3,900 a call; the call is a transaction of its own
-- Callers   cardgenius prune
-- Grants    EXECUTE for cardgenius_janitor, cardgenius_migrator

CREATE OR REPLACE FUNCTION cardgenius.prune_history(p_kind VARCHAR, p_keep_days INTEGER, p_now TIMESTAMPTZ DEFAULT NULL)
RETURNS TABLE (kind VARCHAR, deleted INTEGER)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_before   TIMESTAMPTZ := cardgenius.clock(p_now) - make_interval(days => p_keep_days);
  v_latest   BIGINT := (SELECT MAX(r.run_id) FROM cardgenius.run AS r);
  v_over     BIGINT[];
  v_deleted  INTEGER := 0;
BEGIN
  SELECT array_agg(o.run_id) INTO v_over
  FROM (SELECT r.run_id
        FROM cardgenius.run AS r
        WHERE r.active_key <> 0 AND r.finished_at < v_before AND r.run_id < v_latest
        ORDER BY r.run_id
        LIMIT 1000) AS o;

  IF p_kind = 'chunk_attempt' THEN
    DELETE FROM cardgenius.chunk_attempt AS d
    WHERE d.ctid IN (SELECT x.ctid FROM cardgenius.chunk_attempt AS x WHERE x.run_id = ANY (v_over) LIMIT 3900);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
  ELSIF p_kind = 'chunk_user' THEN
    DELETE FROM cardgenius.chunk_user AS d
    WHERE d.ctid IN (SELECT x.ctid FROM cardgenius.chunk_user AS x WHERE x.run_id = ANY (v_over) LIMIT 3900);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
  ELSIF p_kind = 'completed_user' THEN
    DELETE FROM cardgenius.completed_user AS d
    WHERE d.ctid IN (SELECT x.ctid FROM cardgenius.completed_user AS x WHERE x.run_id = ANY (v_over) LIMIT 3900);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
  ELSIF p_kind = 'chunk' THEN
    DELETE FROM cardgenius.chunk AS d
    WHERE d.ctid IN (SELECT x.ctid FROM cardgenius.chunk AS x WHERE x.run_id = ANY (v_over)
                       AND NOT EXISTS (SELECT FROM cardgenius.chunk_attempt AS a
                                       WHERE a.run_id = x.run_id AND a.chunk_no = x.chunk_no) LIMIT 3900);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
  ELSIF p_kind = 'run_card' THEN
    DELETE FROM cardgenius.run_card AS d
    WHERE d.ctid IN (SELECT x.ctid FROM cardgenius.run_card AS x WHERE x.run_id = ANY (v_over) LIMIT 3900);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
  ELSIF p_kind = 'run' THEN
    DELETE FROM cardgenius.run AS d
    WHERE d.ctid IN (SELECT x.ctid FROM cardgenius.run AS x WHERE x.run_id = ANY (v_over)
                       AND NOT EXISTS (SELECT FROM cardgenius.chunk AS c WHERE c.run_id = x.run_id)
                       AND NOT EXISTS (SELECT FROM cardgenius.run_card AS k WHERE k.run_id = x.run_id) LIMIT 3900);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
  ELSIF p_kind = 'import' THEN
    DELETE FROM cardgenius.import AS d
    WHERE d.ctid IN (SELECT x.ctid FROM cardgenius.import AS x WHERE COALESCE(x.finished_at, x.started_at) < v_before LIMIT 3900);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
  ELSIF p_kind = 'schedule_fire' THEN
    -- The latest slot of a schedule stays: it tells what was missed since. A fire by hand is not a slot, as in see_schedule.
    DELETE FROM cardgenius.schedule_fire AS d
    WHERE d.ctid IN (SELECT x.ctid FROM cardgenius.schedule_fire AS x WHERE x.planned_at < v_before
                       AND EXISTS (SELECT FROM cardgenius.schedule_fire AS l
                                   WHERE l.schedule = x.schedule AND l.planned_at > x.planned_at
                                     AND l.decision <> 'manual') LIMIT 3900);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
  ELSIF p_kind = 'alert' THEN
    DELETE FROM cardgenius.alert AS d
    WHERE d.ctid IN (SELECT x.ctid FROM cardgenius.alert AS x WHERE x.closed_at < v_before LIMIT 3900);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
  ELSIF p_kind = 'processor' THEN
    DELETE FROM cardgenius.processor AS d
    WHERE d.ctid IN (SELECT x.ctid FROM cardgenius.processor AS x WHERE x.last_seen < v_before LIMIT 3900);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
  ELSE
    RAISE EXCEPTION 'prune_history knows no such kind of history';
  END IF;

  RETURN QUERY SELECT p_kind, v_deleted;
END;
$$;
