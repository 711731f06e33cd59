-- Purpose   Looks whether everything that must be true is true, over the whole database: every completed user has exactly the
--           ranks 1 to 10, distinct cards, in the order of their net savings; net = yearly + extra - joining on every row; no
--           NULL; nobody is pending without a chunk; nothing is left staged; the counts of chunks and runs add up.
-- Answers   a row a check, in a fixed order: check_name, severity (fail | warn), violations, sample (one of them)
-- Locks     none
-- Isolation READ COMMITTED: beside a run, a user who is just being published may be counted
-- Indexes   the keys of both contract tables; one pass over each
-- Callers   cardgenius verify
-- Grants    EXECUTE for cardgenius_reader

CREATE OR REPLACE FUNCTION cardgenius.verify_database()
RETURNS TABLE (check_name TEXT, severity TEXT, violations FLOAT8, sample TEXT)
LANGUAGE plpgsql AS $$
BEGIN
  CREATE TEMPORARY TABLE suspect ON COMMIT DROP AS
  SELECT r.user_id, COUNT(*) AS row_count, COUNT(DISTINCT r.rank) AS ranks, MIN(r.rank) AS lowest, MAX(r.rank) AS highest,
         COUNT(DISTINCT r.card_name) AS cards, SUM(r.disorder) AS disorders, SUM(r.wrong) AS wrongs, SUM(r.empty) AS empties
  FROM (
    SELECT c.user_id, c.rank, c.card_name,
           CASE WHEN c.net_savings > LAG(c.net_savings) OVER (PARTITION BY c.user_id ORDER BY c.rank) THEN 1 ELSE 0 END AS disorder,
           CASE WHEN c.net_savings <> c.total_savings_yearly + c.total_extra_benefits - c.joining_fees THEN 1 ELSE 0 END AS wrong,
           CASE WHEN c.card_name IS NULL OR c.net_savings IS NULL OR c.total_savings_yearly IS NULL OR c.joining_fees IS NULL
                  OR c.total_extra_benefits IS NULL OR c.amazon_points IS NULL OR c.flipkart_points IS NULL
                  OR c.myntra_points IS NULL OR c.ajio_points IS NULL OR c.grocery_points IS NULL
                  OR c.other_online_points IS NULL OR c.redemption_method IS NULL OR c.redemption_rate IS NULL
                THEN 1 ELSE 0 END AS empty
    FROM public.card_recommendations AS c
  ) AS r
  GROUP BY r.user_id
  HAVING COUNT(*) <> 10 OR COUNT(DISTINCT r.rank) <> 10 OR MIN(r.rank) <> 1 OR MAX(r.rank) <> 10
      OR COUNT(DISTINCT r.card_name) <> 10 OR SUM(r.disorder) > 0 OR SUM(r.wrong) > 0 OR SUM(r.empty) > 0;

  RETURN QUERY
  SELECT 'ten_ranks', 'fail', COUNT(*)::FLOAT8, MIN(s.user_id)::TEXT
  FROM suspect AS s WHERE s.row_count <> 10 OR s.ranks <> 10 OR s.lowest <> 1 OR s.highest <> 10;
  RETURN QUERY
  SELECT 'completed_without_cards', 'fail', COUNT(*)::FLOAT8, MIN(u.user_id)::TEXT
  FROM public.user_spending_data AS u
  WHERE u.processing_status = 'completed'
    AND NOT EXISTS (SELECT FROM public.card_recommendations AS c WHERE c.user_id = u.user_id);
  RETURN QUERY
  SELECT 'distinct_cards', 'fail', COUNT(*)::FLOAT8, MIN(s.user_id)::TEXT FROM suspect AS s WHERE s.cards <> s.row_count;
  RETURN QUERY
  SELECT 'order_by_net', 'fail', COUNT(*)::FLOAT8, MIN(s.user_id)::TEXT FROM suspect AS s WHERE s.disorders > 0;
  RETURN QUERY
  SELECT 'net_adds_up', 'fail', COALESCE(SUM(s.wrongs), 0)::FLOAT8, MIN(s.user_id)::TEXT FROM suspect AS s WHERE s.wrongs > 0;
  RETURN QUERY
  SELECT 'no_null', 'fail', COALESCE(SUM(s.empties), 0)::FLOAT8, MIN(s.user_id)::TEXT FROM suspect AS s WHERE s.empties > 0;
  RETURN QUERY
  SELECT 'failed_with_reason', 'fail', COUNT(*)::FLOAT8, MIN(u.user_id)::TEXT
  FROM public.user_spending_data AS u
  WHERE u.processing_status = 'failed' AND u.processing_error IS NULL;
  RETURN QUERY
  SELECT 'pending_with_chunk', 'fail', COUNT(*)::FLOAT8, MIN(u.user_id)::TEXT
  FROM public.user_spending_data AS u
  WHERE u.processing_status = 'pending'
    AND NOT EXISTS (SELECT FROM cardgenius.chunk_user AS cu
                    JOIN cardgenius.chunk AS c ON c.run_id = cu.run_id AND c.chunk_no = cu.chunk_no
                    WHERE cu.user_id = u.user_id AND c.state IN ('open', 'leased'))
    AND NOT EXISTS (SELECT FROM cardgenius.chunk AS c
                    WHERE c.state = 'open' AND c.users IS NULL AND u.user_id BETWEEN c.user_id_from AND c.user_id_to);
  RETURN QUERY
  SELECT 'nothing_staged', 'fail', COUNT(*)::FLOAT8, 'load ' || MIN(s.load_no)
  FROM (
    SELECT r.load_no
    FROM cardgenius.staged_recommendation AS r
    WHERE NOT EXISTS (SELECT FROM cardgenius.chunk AS c WHERE c.state = 'leased' AND c.load_no = r.load_no)
    UNION ALL
    SELECT o.load_no
    FROM cardgenius.staged_outcome AS o
    WHERE NOT EXISTS (SELECT FROM cardgenius.chunk AS c WHERE c.state = 'leased' AND c.load_no = o.load_no)
    UNION ALL
    SELECT p.load_no
    FROM cardgenius.staged_spending AS p
    WHERE NOT EXISTS (SELECT FROM cardgenius.import AS i WHERE i.load_no = p.load_no AND i.finished_at IS NULL)
  ) AS s;
  RETURN QUERY
  SELECT 'chunks_add_up', 'fail', COUNT(*)::FLOAT8, 'run ' || MIN(c.run_id)
  FROM cardgenius.chunk AS c
  WHERE c.state = 'done' AND (c.users <> c.completed + c.failed + c.changed + c.gone
                              OR c.rows_written + c.rows_unchanged <> c.completed * 10);
  RETURN QUERY
  SELECT 'runs_add_up', 'fail', COUNT(*)::FLOAT8, 'run ' || MIN(r.run_id)
  FROM cardgenius.run AS r
  WHERE r.state = 'done' AND EXISTS (SELECT FROM cardgenius.chunk AS c
                                     WHERE c.run_id = r.run_id AND c.closed_at IS NULL);
  RETURN QUERY
  SELECT 'users_there', 'warn', COUNT(DISTINCT c.user_id)::FLOAT8, MIN(c.user_id)::TEXT
  FROM public.card_recommendations AS c
  WHERE NOT EXISTS (SELECT FROM public.user_spending_data AS u WHERE u.user_id = c.user_id);
  DROP TABLE suspect;
END;
$$;
