-- Purpose   Looks whether everything that must be true is true, over the whole database: every completed user has exactly the
--           ranks 1 to 10, distinct cards, in the order of their net savings; net = yearly + extra - joining on every row; no
--           NULL; no user is pending without a chunk; nothing is left staged; the counts of chunks and runs add up.
--           Warnings: users without a row in user_spending_data, and users with a status that no run looks for.
-- Takes     @most: how many violations of each check are listed; 0: none
-- Answers   a row a check, in a fixed order: check_name, severity (fail | warn), violations, sample (one of them); after them,
--           where @most is above 0, a row for what breaks a check: check_name, severity, user_id or run_id and chunk_no, and
--           wrong (what is wrong with it); violations is NULL there. Beside a run the two may differ by users in flight.
-- Locks     shared, row by row
-- Isolation READ COMMITTED: beside a run, a user who is just being published may be counted
-- Indexes   the keys of both contract tables; one pass over each, and another one to list (only where @most is above 0)
-- Avoids    BIGINT in the answer, which the driver gives as text. Two DISTINCT aggregates over all rows, which write the whole
--           table into tempdb and sort it: one stream aggregate in the order of the key, and those for the users found only.
-- Callers   cardgenius verify
-- Grants    EXECUTE for cardgenius_janitor, cardgenius_reader

CREATE OR ALTER PROCEDURE cardgenius.verify_database
  @most  INT = 0
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  CREATE TABLE #found (
    found_no    INT         NOT NULL IDENTITY(1, 1) PRIMARY KEY,
    check_name  VARCHAR(30) NOT NULL,
    severity    VARCHAR(4)  NOT NULL,
    violations  FLOAT       NOT NULL,
    sample      VARCHAR(60) NULL
  );
  CREATE TABLE #violation (
    violation_no  INT          NOT NULL IDENTITY(1, 1) PRIMARY KEY,
    check_name    VARCHAR(30)  NOT NULL,
    user_id       VARCHAR(50)  NULL,
    run_id        BIGINT       NULL,
    chunk_no      INT          NULL,
    wrong         VARCHAR(400) NOT NULL
  );

  -- Users to look at again: one pass in the order of the key, ten cards and ten nets of a user side by side. Ten powers of
  -- two add up to 1023 where they are ten different ones. The second look, by key, says what is wrong.
  SELECT u.user_id
  INTO #doubtful
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
    FROM dbo.card_recommendations AS c
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
     OR u.c9 IN (u.c10);

  SELECT r.user_id, COUNT(*) AS row_count, COUNT(DISTINCT r.rank) AS ranks, MIN(r.rank) AS lowest, MAX(r.rank) AS highest,
         COUNT(DISTINCT r.card_name) AS cards, SUM(r.disorder) AS disorders, SUM(r.wrong) AS wrongs, SUM(r.empty) AS empties
  INTO #suspect
  FROM (
    SELECT c.user_id, c.rank, c.card_name,
           CASE WHEN c.net_savings > LAG(c.net_savings) OVER (PARTITION BY c.user_id ORDER BY c.rank) THEN 1
                ELSE 0 END AS disorder,
           CASE WHEN c.net_savings <> c.total_savings_yearly + c.total_extra_benefits - c.joining_fees THEN 1 ELSE 0 END AS wrong,
           CASE WHEN c.card_name IS NULL OR c.net_savings IS NULL OR c.total_savings_yearly IS NULL OR c.joining_fees IS NULL
                  OR c.total_extra_benefits IS NULL OR c.amazon_points IS NULL OR c.flipkart_points IS NULL
                  OR c.myntra_points IS NULL OR c.ajio_points IS NULL OR c.grocery_points IS NULL
                  OR c.other_online_points IS NULL OR c.redemption_method IS NULL OR c.redemption_rate IS NULL
                THEN 1 ELSE 0 END AS empty
    FROM dbo.card_recommendations AS c
    WHERE c.user_id IN (SELECT s.user_id FROM #doubtful AS s)
  ) AS r
  GROUP BY r.user_id;

  INSERT INTO #found (check_name, severity, violations, sample)
  SELECT 'ten_ranks', 'fail', CAST(COUNT_BIG(*) AS FLOAT), CAST(MIN(s.user_id) AS VARCHAR(60))
  FROM #suspect AS s
  WHERE s.row_count <> 10 OR s.ranks <> 10 OR s.lowest <> 1 OR s.highest <> 10;

  INSERT INTO #found (check_name, severity, violations, sample)
  SELECT 'completed_without_cards', 'fail', CAST(COUNT_BIG(*) AS FLOAT), CAST(MIN(u.user_id) AS VARCHAR(60))
  FROM dbo.user_spending_data AS u
  WHERE u.processing_status = 'completed'
    AND NOT EXISTS (SELECT 1 FROM dbo.card_recommendations AS c WHERE c.user_id = u.user_id);

  INSERT INTO #found (check_name, severity, violations, sample)
  SELECT 'distinct_cards', 'fail', CAST(COUNT_BIG(*) AS FLOAT),
         CAST(MIN(s.user_id) AS VARCHAR(60))
  FROM #suspect AS s
  WHERE s.cards <> s.row_count;

  INSERT INTO #found (check_name, severity, violations, sample)
  SELECT 'order_by_net', 'fail', CAST(COUNT_BIG(*) AS FLOAT),
         CAST(MIN(s.user_id) AS VARCHAR(60))
  FROM #suspect AS s
  WHERE s.disorders > 0;

  INSERT INTO #found (check_name, severity, violations, sample)
  SELECT 'net_adds_up', 'fail', CAST(COALESCE(SUM(s.wrongs), 0) AS FLOAT),
         CAST(MIN(s.user_id) AS VARCHAR(60))
  FROM #suspect AS s
  WHERE s.wrongs > 0;

  INSERT INTO #found (check_name, severity, violations, sample)
  SELECT 'no_null', 'fail', CAST(COALESCE(SUM(s.empties), 0) AS FLOAT),
         CAST(MIN(s.user_id) AS VARCHAR(60))
  FROM #suspect AS s
  WHERE s.empties > 0;

  INSERT INTO #found (check_name, severity, violations, sample)
  SELECT 'failed_with_reason', 'fail', CAST(COUNT_BIG(*) AS FLOAT), CAST(MIN(u.user_id) AS VARCHAR(60))
  FROM dbo.user_spending_data AS u
  WHERE u.processing_status = 'failed' AND u.processing_error IS NULL;

  INSERT INTO #found (check_name, severity, violations, sample)
  SELECT 'pending_with_chunk', 'fail', CAST(COUNT_BIG(*) AS FLOAT), CAST(MIN(u.user_id) AS VARCHAR(60))
  FROM dbo.user_spending_data AS u
  WHERE u.processing_status = 'pending'
    AND NOT EXISTS (SELECT 1 FROM cardgenius.chunk_user AS cu
                    JOIN cardgenius.chunk AS c ON c.run_id = cu.run_id AND c.chunk_no = cu.chunk_no
                    WHERE cu.user_id = u.user_id AND c.state IN ('open', 'leased'))
    AND NOT EXISTS (SELECT 1 FROM cardgenius.chunk AS c
                    WHERE c.state = 'open' AND c.users IS NULL AND u.user_id BETWEEN c.user_id_from AND c.user_id_to);

  INSERT INTO #found (check_name, severity, violations, sample)
  SELECT 'nothing_staged', 'fail', CAST(COUNT_BIG(*) AS FLOAT), CONCAT('load ', MIN(s.load_no))
  FROM (
    SELECT r.load_no
    FROM cardgenius.staged_recommendation AS r
    WHERE NOT EXISTS (SELECT 1 FROM cardgenius.chunk AS c WHERE c.state = 'leased' AND c.load_no = r.load_no)
    UNION ALL
    SELECT o.load_no
    FROM cardgenius.staged_outcome AS o
    WHERE NOT EXISTS (SELECT 1 FROM cardgenius.chunk AS c WHERE c.state = 'leased' AND c.load_no = o.load_no)
    UNION ALL
    SELECT p.load_no
    FROM cardgenius.staged_spending AS p
    WHERE NOT EXISTS (SELECT 1 FROM cardgenius.import AS i WHERE i.load_no = p.load_no AND i.finished_at IS NULL)
  ) AS s;

  INSERT INTO #found (check_name, severity, violations, sample)
  SELECT 'chunks_add_up', 'fail', CAST(COUNT_BIG(*) AS FLOAT), CONCAT('run ', MIN(c.run_id))
  FROM cardgenius.chunk AS c
  WHERE c.state = 'done' AND (c.users <> c.completed + c.failed + c.changed + c.gone
                              OR c.rows_written + c.rows_unchanged <> c.completed * 10);

  INSERT INTO #found (check_name, severity, violations, sample)
  SELECT 'runs_add_up', 'fail', CAST(COUNT_BIG(*) AS FLOAT), CONCAT('run ', MIN(r.run_id))
  FROM cardgenius.run AS r
  WHERE r.state = 'done' AND EXISTS (SELECT 1 FROM cardgenius.chunk AS c
                                     WHERE c.run_id = r.run_id AND c.closed_at IS NULL);

  INSERT INTO #found (check_name, severity, violations, sample)
  SELECT 'users_there', 'warn', CAST(COUNT_BIG(DISTINCT c.user_id) AS FLOAT), CAST(MIN(c.user_id) AS VARCHAR(60))
  FROM dbo.card_recommendations AS c
  WHERE NOT EXISTS (SELECT 1 FROM dbo.user_spending_data AS u WHERE u.user_id = c.user_id);

  INSERT INTO #found (check_name, severity, violations, sample)
  SELECT 'known_status', 'warn', CAST(COUNT_BIG(*) AS FLOAT), CAST(MIN(u.user_id) AS VARCHAR(60))
  FROM dbo.user_spending_data AS u
  WHERE u.processing_status IS NULL OR u.processing_status NOT IN ('new', 'pending', 'completed', 'failed');

  IF @most > 0
  BEGIN
    INSERT INTO #violation (check_name, user_id, wrong)
    SELECT TOP (@most) 'ten_ranks', s.user_id,
           CONCAT(s.row_count, ' rows, ', s.ranks, ' ranks, from ', s.lowest, ' to ', s.highest)
    FROM #suspect AS s
    WHERE s.row_count <> 10 OR s.ranks <> 10 OR s.lowest <> 1 OR s.highest <> 10
    ORDER BY s.user_id;

    INSERT INTO #violation (check_name, user_id, wrong)
    SELECT TOP (@most) 'completed_without_cards', u.user_id, 'completed, and has no rows'
    FROM dbo.user_spending_data AS u
    WHERE u.processing_status = 'completed'
      AND NOT EXISTS (SELECT 1 FROM dbo.card_recommendations AS c WHERE c.user_id = u.user_id)
    ORDER BY u.user_id;

    INSERT INTO #violation (check_name, user_id, wrong)
    SELECT TOP (@most) 'distinct_cards', s.user_id, CONCAT(s.row_count, ' rows, ', s.cards, ' cards')
    FROM #suspect AS s
    WHERE s.cards <> s.row_count
    ORDER BY s.user_id;

    INSERT INTO #violation (check_name, user_id, wrong)
    SELECT TOP (@most) 'order_by_net', r.user_id,
           CONCAT('rank ', r.rank, ': net_savings ', r.net_savings, ', more than the ', r.net_before, ' of the rank before')
    FROM (
      SELECT c.user_id, c.rank, c.net_savings,
             LAG(c.net_savings) OVER (PARTITION BY c.user_id ORDER BY c.rank) AS net_before
      FROM dbo.card_recommendations AS c
      WHERE EXISTS (SELECT 1 FROM #suspect AS s WHERE s.user_id = c.user_id AND s.disorders > 0)
    ) AS r
    WHERE r.net_savings > r.net_before
    ORDER BY r.user_id, r.rank;

    INSERT INTO #violation (check_name, user_id, wrong)
    SELECT TOP (@most) 'net_adds_up', c.user_id,
           CONCAT('rank ', c.rank, ': net_savings ', c.net_savings, ', but ', c.total_savings_yearly, ' + ',
                  c.total_extra_benefits, ' - ', c.joining_fees, ' is ',
                  c.total_savings_yearly + c.total_extra_benefits - c.joining_fees)
    FROM dbo.card_recommendations AS c
    JOIN #suspect AS s ON s.user_id = c.user_id AND s.wrongs > 0
    WHERE c.net_savings <> c.total_savings_yearly + c.total_extra_benefits - c.joining_fees
    ORDER BY c.user_id, c.rank;

    INSERT INTO #violation (check_name, user_id, wrong)
    SELECT TOP (@most) 'no_null', c.user_id, CONCAT('rank ', c.rank, ': NULL in',
      CASE WHEN c.card_name IS NULL THEN ' card_name' END, CASE WHEN c.net_savings IS NULL THEN ' net_savings' END,
      CASE WHEN c.total_savings_yearly IS NULL THEN ' total_savings_yearly' END,
      CASE WHEN c.joining_fees IS NULL THEN ' joining_fees' END,
      CASE WHEN c.total_extra_benefits IS NULL THEN ' total_extra_benefits' END,
      CASE WHEN c.amazon_points IS NULL THEN ' amazon_points' END,
      CASE WHEN c.flipkart_points IS NULL THEN ' flipkart_points' END,
      CASE WHEN c.myntra_points IS NULL THEN ' myntra_points' END, CASE WHEN c.ajio_points IS NULL THEN ' ajio_points' END,
      CASE WHEN c.grocery_points IS NULL THEN ' grocery_points' END,
      CASE WHEN c.other_online_points IS NULL THEN ' other_online_points' END,
      CASE WHEN c.redemption_method IS NULL THEN ' redemption_method' END,
      CASE WHEN c.redemption_rate IS NULL THEN ' redemption_rate' END)
    FROM dbo.card_recommendations AS c
    JOIN #suspect AS s ON s.user_id = c.user_id AND s.empties > 0
    WHERE c.card_name IS NULL OR c.net_savings IS NULL OR c.total_savings_yearly IS NULL OR c.joining_fees IS NULL
       OR c.total_extra_benefits IS NULL OR c.amazon_points IS NULL OR c.flipkart_points IS NULL
       OR c.myntra_points IS NULL OR c.ajio_points IS NULL OR c.grocery_points IS NULL
       OR c.other_online_points IS NULL OR c.redemption_method IS NULL OR c.redemption_rate IS NULL
    ORDER BY c.user_id, c.rank;

    INSERT INTO #violation (check_name, user_id, wrong)
    SELECT TOP (@most) 'failed_with_reason', u.user_id, 'failed, and processing_error is NULL'
    FROM dbo.user_spending_data AS u
    WHERE u.processing_status = 'failed' AND u.processing_error IS NULL
    ORDER BY u.user_id;

    INSERT INTO #violation (check_name, user_id, wrong)
    SELECT TOP (@most) 'pending_with_chunk', u.user_id, 'pending, and in no chunk that is open or leased'
    FROM dbo.user_spending_data AS u
    WHERE u.processing_status = 'pending'
      AND NOT EXISTS (SELECT 1 FROM cardgenius.chunk_user AS cu
                      JOIN cardgenius.chunk AS c ON c.run_id = cu.run_id AND c.chunk_no = cu.chunk_no
                      WHERE cu.user_id = u.user_id AND c.state IN ('open', 'leased'))
      AND NOT EXISTS (SELECT 1 FROM cardgenius.chunk AS c
                      WHERE c.state = 'open' AND c.users IS NULL AND u.user_id BETWEEN c.user_id_from AND c.user_id_to)
    ORDER BY u.user_id;

    INSERT INTO #violation (check_name, wrong)
    SELECT TOP (@most) 'nothing_staged', CONCAT('load ', s.load_no, ': ', s.row_count, ' rows in ', s.table_name)
    FROM (
      SELECT 'staged_recommendation' AS table_name, r.load_no, COUNT(*) AS row_count
      FROM cardgenius.staged_recommendation AS r
      WHERE NOT EXISTS (SELECT 1 FROM cardgenius.chunk AS c WHERE c.state = 'leased' AND c.load_no = r.load_no)
      GROUP BY r.load_no
      UNION ALL
      SELECT 'staged_outcome', o.load_no, COUNT(*)
      FROM cardgenius.staged_outcome AS o
      WHERE NOT EXISTS (SELECT 1 FROM cardgenius.chunk AS c WHERE c.state = 'leased' AND c.load_no = o.load_no)
      GROUP BY o.load_no
      UNION ALL
      SELECT 'staged_spending', p.load_no, COUNT(*)
      FROM cardgenius.staged_spending AS p
      WHERE NOT EXISTS (SELECT 1 FROM cardgenius.import AS i WHERE i.load_no = p.load_no AND i.finished_at IS NULL)
      GROUP BY p.load_no
    ) AS s
    ORDER BY s.load_no, s.table_name;

    INSERT INTO #violation (check_name, run_id, chunk_no, wrong)
    SELECT TOP (@most) 'chunks_add_up', c.run_id, c.chunk_no,
           CONCAT(c.users, ' users: ', c.completed, ' completed, ', c.failed, ' failed, ', c.changed, ' changed, ', c.gone,
                  ' gone; ', c.rows_written, ' rows written, ', c.rows_unchanged, ' unchanged')
    FROM cardgenius.chunk AS c
    WHERE c.state = 'done' AND (c.users <> c.completed + c.failed + c.changed + c.gone
                                OR c.rows_written + c.rows_unchanged <> c.completed * 10)
    ORDER BY c.run_id, c.chunk_no;

    INSERT INTO #violation (check_name, run_id, chunk_no, wrong)
    SELECT TOP (@most) 'runs_add_up', c.run_id, c.chunk_no, CONCAT('the run is done, and this chunk is ', c.state)
    FROM cardgenius.chunk AS c
    JOIN cardgenius.run AS r ON r.run_id = c.run_id
    WHERE r.state = 'done' AND c.closed_at IS NULL
    ORDER BY c.run_id, c.chunk_no;

    INSERT INTO #violation (check_name, user_id, wrong)
    SELECT TOP (@most) 'users_there', c.user_id, CONCAT(COUNT(*), ' rows, and no row in user_spending_data')
    FROM dbo.card_recommendations AS c
    WHERE NOT EXISTS (SELECT 1 FROM dbo.user_spending_data AS u WHERE u.user_id = c.user_id)
    GROUP BY c.user_id
    ORDER BY c.user_id;

    INSERT INTO #violation (check_name, user_id, wrong)
    SELECT TOP (@most) 'known_status', u.user_id,
           CONCAT('processing_status is ', COALESCE('''' + LEFT(u.processing_status, 100) + '''', 'NULL'),
                  ': no run looks for it')
    FROM dbo.user_spending_data AS u
    WHERE u.processing_status IS NULL OR u.processing_status NOT IN ('new', 'pending', 'completed', 'failed')
    ORDER BY u.user_id;
  END;

  SELECT a.check_name, a.severity, a.violations, a.sample, a.user_id, a.run_id, a.chunk_no, a.wrong
  FROM (
    SELECT f.found_no, 0 AS violation_no, f.check_name, f.severity, f.violations,
           CASE WHEN f.violations > 0 THEN f.sample END AS sample, CAST(NULL AS VARCHAR(50)) AS user_id,
           CAST(NULL AS FLOAT) AS run_id, CAST(NULL AS INT) AS chunk_no, CAST(NULL AS VARCHAR(400)) AS wrong
    FROM #found AS f
    UNION ALL
    SELECT f.found_no, v.violation_no, f.check_name, f.severity, NULL, NULL, v.user_id, CAST(v.run_id AS FLOAT), v.chunk_no,
           v.wrong
    FROM #violation AS v
    JOIN #found AS f ON f.check_name = v.check_name
  ) AS a
  ORDER BY CASE a.violation_no WHEN 0 THEN 0 ELSE 1 END, a.found_no, a.violation_no;
END;
