-- Twin of sql/mssql/verify_database.sql. Differs in: Takes, Answers, Locks.
-- Takes     p_most: how many violations of each check are listed; 0: none
-- Answers   a row a check, in a fixed order: check_name, severity (fail | warn), violations, sample (one of them); after them,
--           where p_most is above 0, a row for what breaks a check: check_name, severity, user_id or run_id and chunk_no, and
--           wrong (what is wrong with it); violations is NULL there. Of users whose rows are wrong, the first million is counted.
--           nothing_staged: a load that was given up stays until the run's end, when it is swept. Only where no lease lives is it wrong.
-- Locks     none
-- Callers   cardgenius verify
-- Grants    EXECUTE for cardgenius_janitor, cardgenius_reader

CREATE OR REPLACE FUNCTION cardgenius.verify_database(p_most INTEGER DEFAULT 0)
RETURNS TABLE (check_name TEXT, severity TEXT, violations FLOAT8, sample TEXT, user_id TEXT, run_id FLOAT8, chunk_no INTEGER,
               wrong TEXT)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_listed  INTEGER := GREATEST(p_most, 1);
BEGIN
  -- The first violations of each check, in order, each with the number of all.
  CREATE TEMPORARY TABLE violation (
    violation_no  INTEGER NOT NULL GENERATED ALWAYS AS IDENTITY,
    check_name    TEXT    NOT NULL,
    violations    FLOAT8  NOT NULL,
    user_id       TEXT    NULL,
    run_id        BIGINT  NULL,
    chunk_no      INTEGER NULL,
    wrong         TEXT    NOT NULL
  ) ON COMMIT DROP;

  -- Users to look at again: one pass in the order of the key, ten cards and ten nets of a user side by side. Ten powers of
  -- two add up to 1023 where they are ten different ones. What is wrong with them is asked of their rows, found by key.
  CREATE TEMPORARY TABLE doubtful ON COMMIT DROP AS
  SELECT u.user_id
  FROM (
    SELECT c.user_id, COUNT(*) AS row_count,
         SUM(CASE c.rank WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 3 THEN 4 WHEN 4 THEN 8 WHEN 5 THEN 16 WHEN 6 THEN 32 WHEN 7 THEN 64
                         WHEN 8 THEN 128 WHEN 9 THEN 256 WHEN 10 THEN 512 ELSE 0 END) AS rank_bits,
         MAX(CASE c.rank WHEN 1 THEN c.card_name END) AS c1, MAX(CASE c.rank WHEN 2 THEN c.card_name END) AS c2,
         MAX(CASE c.rank WHEN 3 THEN c.card_name END) AS c3, MAX(CASE c.rank WHEN 4 THEN c.card_name END) AS c4,
         MAX(CASE c.rank WHEN 5 THEN c.card_name END) AS c5, MAX(CASE c.rank WHEN 6 THEN c.card_name END) AS c6,
         MAX(CASE c.rank WHEN 7 THEN c.card_name END) AS c7, MAX(CASE c.rank WHEN 8 THEN c.card_name END) AS c8,
         MAX(CASE c.rank WHEN 9 THEN c.card_name END) AS c9, MAX(CASE c.rank WHEN 10 THEN c.card_name END) AS c10,
         MAX(CASE c.rank WHEN 1 THEN c.net_savings END) AS n1, MAX(CASE c.rank WHEN 2 THEN c.net_savings END) AS n2,
         MAX(CASE c.rank WHEN 3 THEN c.net_savings END) AS n3, MAX(CASE c.rank WHEN 4 THEN c.net_savings END) AS n4,
         MAX(CASE c.rank WHEN 5 THEN c.net_savings END) AS n5, MAX(CASE c.rank WHEN 6 THEN c.net_savings END) AS n6,
         MAX(CASE c.rank WHEN 7 THEN c.net_savings END) AS n7, MAX(CASE c.rank WHEN 8 THEN c.net_savings END) AS n8,
         MAX(CASE c.rank WHEN 9 THEN c.net_savings END) AS n9, MAX(CASE c.rank WHEN 10 THEN c.net_savings END) AS n10,
         MAX(CASE WHEN c.net_savings <> c.total_savings_yearly + c.total_extra_benefits - c.joining_fees
               OR c.card_name IS NULL OR c.net_savings IS NULL OR c.total_savings_yearly IS NULL OR c.joining_fees IS NULL
               OR c.total_extra_benefits IS NULL OR c.amazon_points IS NULL OR c.flipkart_points IS NULL
               OR c.myntra_points IS NULL OR c.ajio_points IS NULL OR c.grocery_points IS NULL
               OR c.other_online_points IS NULL OR c.redemption_method IS NULL OR c.redemption_rate IS NULL
             THEN 1 ELSE 0 END) AS wrong
    FROM public.card_recommendations AS c
    GROUP BY c.user_id
  ) AS u
  WHERE u.row_count <> 10 OR u.rank_bits <> 1023 OR u.wrong = 1
     OR u.n1 < u.n2 OR u.n2 < u.n3 OR u.n3 < u.n4 OR u.n4 < u.n5
     OR u.n5 < u.n6 OR u.n6 < u.n7 OR u.n7 < u.n8 OR u.n8 < u.n9 OR u.n9 < u.n10
     OR u.c1 IN (u.c2, u.c3, u.c4, u.c5, u.c6, u.c7, u.c8, u.c9, u.c10)
     OR u.c2 IN (u.c3, u.c4, u.c5, u.c6, u.c7, u.c8, u.c9, u.c10)
     OR u.c3 IN (u.c4, u.c5, u.c6, u.c7, u.c8, u.c9, u.c10)
     OR u.c4 IN (u.c5, u.c6, u.c7, u.c8, u.c9, u.c10)
     OR u.c5 IN (u.c6, u.c7, u.c8, u.c9, u.c10)
     OR u.c6 IN (u.c7, u.c8, u.c9, u.c10)
     OR u.c7 IN (u.c8, u.c9, u.c10)
     OR u.c8 IN (u.c9, u.c10)
     OR u.c9 IN (u.c10)
  ORDER BY u.user_id
  LIMIT 1000000;

  CREATE TEMPORARY TABLE doubtful_row ON COMMIT DROP AS
  SELECT c.user_id, c.rank, c.card_name, c.total_savings_yearly, c.total_extra_benefits, c.joining_fees, c.net_savings,
         LAG(c.net_savings) OVER (PARTITION BY c.user_id ORDER BY c.rank) AS net_before,
         c.total_savings_yearly + c.total_extra_benefits - c.joining_fees AS net_expected,
         CONCAT(
           CASE WHEN c.card_name IS NULL THEN ' card_name' END, CASE WHEN c.net_savings IS NULL THEN ' net_savings' END,
           CASE WHEN c.total_savings_yearly IS NULL THEN ' total_savings_yearly' END,
           CASE WHEN c.joining_fees IS NULL THEN ' joining_fees' END,
           CASE WHEN c.total_extra_benefits IS NULL THEN ' total_extra_benefits' END,
           CASE WHEN c.amazon_points IS NULL THEN ' amazon_points' END,
           CASE WHEN c.flipkart_points IS NULL THEN ' flipkart_points' END,
           CASE WHEN c.myntra_points IS NULL THEN ' myntra_points' END,
           CASE WHEN c.ajio_points IS NULL THEN ' ajio_points' END,
           CASE WHEN c.grocery_points IS NULL THEN ' grocery_points' END,
           CASE WHEN c.other_online_points IS NULL THEN ' other_online_points' END,
           CASE WHEN c.redemption_method IS NULL THEN ' redemption_method' END,
           CASE WHEN c.redemption_rate IS NULL THEN ' redemption_rate' END) AS null_columns
  FROM public.card_recommendations AS c
  WHERE c.user_id IN (SELECT d.user_id FROM doubtful AS d);

  INSERT INTO violation (check_name, violations, user_id, wrong)
  SELECT 'ten_ranks', COUNT(*) OVER (), r.user_id,
         CONCAT(COUNT(*), ' rows, ', COUNT(DISTINCT r.rank), ' ranks, from ', MIN(r.rank), ' to ', MAX(r.rank))
  FROM doubtful_row AS r
  GROUP BY r.user_id
  HAVING COUNT(*) <> 10 OR COUNT(DISTINCT r.rank) <> 10 OR MIN(r.rank) <> 1 OR MAX(r.rank) <> 10
  ORDER BY r.user_id
  LIMIT v_listed;

  INSERT INTO violation (check_name, violations, user_id, wrong)
  SELECT 'completed_without_cards', COUNT(*) OVER (), u.user_id, 'completed, and has no rows'
  FROM public.user_spending_data AS u
  WHERE u.processing_status = 'completed'
    AND NOT EXISTS (SELECT FROM public.card_recommendations AS c WHERE c.user_id = u.user_id)
  ORDER BY u.user_id
  LIMIT v_listed;

  INSERT INTO violation (check_name, violations, user_id, wrong)
  SELECT 'distinct_cards', COUNT(*) OVER (), r.user_id, CONCAT(COUNT(*), ' rows, ', COUNT(DISTINCT r.card_name), ' cards')
  FROM doubtful_row AS r
  GROUP BY r.user_id
  HAVING COUNT(DISTINCT r.card_name) <> COUNT(*)
  ORDER BY r.user_id
  LIMIT v_listed;

  INSERT INTO violation (check_name, violations, user_id, wrong)
  SELECT 'order_by_net', COUNT(*) OVER (), r.user_id,
         CONCAT('rank ', r.rank, ': net_savings ', r.net_savings, ', more than the ', r.net_before, ' of the rank before')
  FROM doubtful_row AS r
  WHERE r.net_savings > r.net_before
  ORDER BY r.user_id, r.rank
  LIMIT v_listed;

  INSERT INTO violation (check_name, violations, user_id, wrong)
  SELECT 'net_adds_up', COUNT(*) OVER (), r.user_id,
         CONCAT('rank ', r.rank, ': net_savings ', r.net_savings, ', but ', r.total_savings_yearly, ' + ',
                r.total_extra_benefits, ' - ', r.joining_fees, ' is ', r.net_expected)
  FROM doubtful_row AS r
  WHERE r.net_savings <> r.net_expected
  ORDER BY r.user_id, r.rank
  LIMIT v_listed;

  INSERT INTO violation (check_name, violations, user_id, wrong)
  SELECT 'no_null', COUNT(*) OVER (), r.user_id, CONCAT('rank ', r.rank, ': NULL in', r.null_columns)
  FROM doubtful_row AS r
  WHERE r.null_columns <> ''
  ORDER BY r.user_id, r.rank
  LIMIT v_listed;

  INSERT INTO violation (check_name, violations, user_id, wrong)
  SELECT 'failed_with_reason', COUNT(*) OVER (), u.user_id, 'failed, and processing_error is NULL'
  FROM public.user_spending_data AS u
  WHERE u.processing_status = 'failed' AND u.processing_error IS NULL
  ORDER BY u.user_id
  LIMIT v_listed;

  INSERT INTO violation (check_name, violations, user_id, wrong)
  SELECT 'pending_with_chunk', COUNT(*) OVER (), u.user_id, 'pending, and in no chunk that is open or leased'
  FROM public.user_spending_data AS u
  WHERE u.processing_status = 'pending'
    AND NOT EXISTS (SELECT FROM cardgenius.chunk_user AS cu
                    JOIN cardgenius.chunk AS c ON c.run_id = cu.run_id AND c.chunk_no = cu.chunk_no
                    WHERE cu.user_id = u.user_id AND c.state IN ('open', 'leased'))
    AND NOT EXISTS (SELECT FROM cardgenius.chunk AS c
                    WHERE c.state = 'open' AND c.users IS NULL AND u.user_id BETWEEN c.user_id_from AND c.user_id_to)
  ORDER BY u.user_id
  LIMIT v_listed;

  INSERT INTO violation (check_name, violations, wrong)
  SELECT 'nothing_staged', SUM(s.row_count) OVER (), CONCAT('load ', s.load_no, ': ', s.row_count, ' rows in ', s.table_name)
  FROM (
    SELECT 'staged_recommendation' AS table_name, r.load_no, COUNT(*) AS row_count
    FROM cardgenius.staged_recommendation AS r
    WHERE NOT EXISTS (SELECT FROM cardgenius.chunk AS c
                      WHERE c.state = 'leased' AND (c.load_no = r.load_no OR c.lease_until >= clock_timestamp()))
    GROUP BY r.load_no
    UNION ALL
    SELECT 'staged_outcome', o.load_no, COUNT(*)
    FROM cardgenius.staged_outcome AS o
    WHERE NOT EXISTS (SELECT FROM cardgenius.chunk AS c
                      WHERE c.state = 'leased' AND (c.load_no = o.load_no OR c.lease_until >= clock_timestamp()))
    GROUP BY o.load_no
    UNION ALL
    SELECT 'staged_spending', p.load_no, COUNT(*)
    FROM cardgenius.staged_spending AS p
    WHERE NOT EXISTS (SELECT FROM cardgenius.import AS i WHERE i.load_no = p.load_no AND i.finished_at IS NULL)
    GROUP BY p.load_no
  ) AS s
  ORDER BY s.load_no, s.table_name
  LIMIT v_listed;

  INSERT INTO violation (check_name, violations, run_id, chunk_no, wrong)
  SELECT 'chunks_add_up', COUNT(*) OVER (), c.run_id, c.chunk_no,
         CONCAT(c.users, ' users: ', c.completed, ' completed, ', c.failed, ' failed, ', c.changed, ' changed, ', c.gone,
                ' gone; ', c.rows_written, ' rows written, ', c.rows_unchanged, ' unchanged')
  FROM cardgenius.chunk AS c
  WHERE c.state = 'done' AND (c.users <> c.completed + c.failed + c.changed + c.gone
                              OR c.rows_written + c.rows_unchanged <> c.completed * 10)
  ORDER BY c.run_id, c.chunk_no
  LIMIT v_listed;

  INSERT INTO violation (check_name, violations, run_id, chunk_no, wrong)
  SELECT 'runs_add_up', COUNT(*) OVER (), c.run_id, c.chunk_no, CONCAT('the run is done, and this chunk is ', c.state)
  FROM cardgenius.chunk AS c
  JOIN cardgenius.run AS r ON r.run_id = c.run_id
  WHERE r.state = 'done' AND c.closed_at IS NULL
  ORDER BY c.run_id, c.chunk_no
  LIMIT v_listed;

  INSERT INTO violation (check_name, violations, user_id, wrong)
  SELECT 'users_there', COUNT(*) OVER (), c.user_id, CONCAT(COUNT(*), ' rows, and no row in user_spending_data')
  FROM public.card_recommendations AS c
  WHERE NOT EXISTS (SELECT FROM public.user_spending_data AS u WHERE u.user_id = c.user_id)
  GROUP BY c.user_id
  ORDER BY c.user_id
  LIMIT v_listed;

  INSERT INTO violation (check_name, violations, user_id, wrong)
  SELECT 'known_status', COUNT(*) OVER (), u.user_id,
         CONCAT('processing_status is ', COALESCE('''' || LEFT(u.processing_status, 100) || '''', 'NULL'), ': no run looks for it')
  FROM public.user_spending_data AS u
  WHERE u.processing_status IS NULL OR u.processing_status NOT IN ('new', 'pending', 'completed', 'failed')
  ORDER BY u.user_id
  LIMIT v_listed;

  RETURN QUERY
  WITH one_check (check_no, check_name, severity) AS (
    VALUES
      (1, 'ten_ranks', 'fail'),
      (2, 'completed_without_cards', 'fail'),
      (3, 'distinct_cards', 'fail'),
      (4, 'order_by_net', 'fail'),
      (5, 'net_adds_up', 'fail'),
      (6, 'no_null', 'fail'),
      (7, 'failed_with_reason', 'fail'),
      (8, 'pending_with_chunk', 'fail'),
      (9, 'nothing_staged', 'fail'),
      (10, 'chunks_add_up', 'fail'),
      (11, 'runs_add_up', 'fail'),
      (12, 'users_there', 'warn'),
      (13, 'known_status', 'warn')
  )
  SELECT a.check_name, a.severity, a.violations, a.sample, a.user_id, a.run_id, a.chunk_no, a.wrong
  FROM (
    SELECT k.check_no, 0 AS violation_no, k.check_name, k.severity, COALESCE(v.violations, 0) AS violations,
           COALESCE(v.user_id, 'run ' || v.run_id, v.wrong) AS sample, NULL::TEXT AS user_id,
           NULL::FLOAT8 AS run_id, NULL::INTEGER AS chunk_no, NULL::TEXT AS wrong
    FROM one_check AS k
    LEFT JOIN violation AS v
      ON v.violation_no = (SELECT MIN(f.violation_no) FROM violation AS f WHERE f.check_name = k.check_name)
    UNION ALL
    SELECT k.check_no, v.violation_no, k.check_name, k.severity, NULL, NULL, v.user_id, v.run_id::FLOAT8, v.chunk_no, v.wrong
    FROM violation AS v
    JOIN one_check AS k ON k.check_name = v.check_name
    WHERE p_most > 0
  ) AS a
  ORDER BY CASE a.violation_no WHEN 0 THEN 0 ELSE 1 END, a.check_no, a.violation_no;
  DROP TABLE doubtful, doubtful_row, violation;
END;
$$;
