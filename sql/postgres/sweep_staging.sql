-- Twin of sql/mssql/sweep_staging.sql. Differs in: Purpose, Locks, Indexes.
-- Purpose   Removes staged rows that no publish will ever read: loads that are not the current load of a leased chunk,
--           and the spends of imports that were given up (unfinished for a day, or begun in the future, while the clock was
--           ahead).
-- Locks     the rows that it deletes
-- Indexes   ix_chunk_claim, pk_staged_recommendation, pk_staged_outcome, pk_staged_spending
-- Callers   the batch, at the start and at the end of a run; cardgenius serve, where it leads, every hour
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.sweep_staging(p_now TIMESTAMPTZ DEFAULT NULL)
RETURNS TABLE (swept BIGINT)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_now    TIMESTAMPTZ := cardgenius.clock(p_now);
  v_swept  BIGINT := 0;
  v_rows   BIGINT;
BEGIN
  DELETE FROM cardgenius.staged_recommendation AS s
  WHERE NOT EXISTS (SELECT FROM cardgenius.chunk AS c WHERE c.state = 'leased' AND c.load_no = s.load_no);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_swept := v_swept + v_rows;

  DELETE FROM cardgenius.staged_outcome AS o
  WHERE NOT EXISTS (SELECT FROM cardgenius.chunk AS c WHERE c.state = 'leased' AND c.load_no = o.load_no);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_swept := v_swept + v_rows;

  DELETE FROM cardgenius.staged_spending AS s
  WHERE NOT EXISTS (SELECT FROM cardgenius.import AS i
                    WHERE i.load_no = s.load_no AND i.finished_at IS NULL
                      AND i.started_at BETWEEN v_now - INTERVAL '1 day' AND v_now + INTERVAL '1 day');
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  RETURN QUERY SELECT v_swept + v_rows;
END;
$$;
