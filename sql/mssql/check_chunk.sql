-- Purpose   Looks at what a chunk has just published, of at most @users of the users that it completed: ten ranks from 1 to 10,
--           in the order of their net savings, net = yearly + extra - joining, and each card one of the run's. Of a larger
--           chunk a part in the order of the key is looked at. The part is drawn each time: run numbers have gaps and strides,
--           and a part that follows from them might never be looked at. A user whose rows cannot be right and whose status is
--           not completed any more is left out: these rows are another writer's. What was found stands in the chunk, and may be
--           asked for again.
-- Answers   one row: chunk_no, users looked at, users whose rows cannot be right, and by which checks (no user, no spends);
--           none where there is no such chunk
-- Locks     shared, row by row, on both contract tables; then one row of chunk, for its own statement, after all is read
-- Isolation READ COMMITTED: outside of publish, which holds no lock a moment longer for it
-- Indexes   pk_run_card, pk_completed_user, the keys of both contract tables, pk_chunk
-- Avoids    scans under statistics of another time: LOOP JOIN, by key, in the order written (FORCE ORDER). The names of the
--           cards stand in a small table with an index: a look-up for each row, and no pass over run_card. LAG, which costs as
--           much as all the rest: a user's ten net savings stand side by side in one aggregate, and are compared there.
--           More rows than a user may have: the key of card_recommendations is (user_id, rank), so that ten rows between
--           1 and 10 are all ten ranks.
-- Callers   the chunk pipeline, after publish; at the end of a run, for chunks whose processor died between the two
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.check_chunk
  @run_id    BIGINT,
  @chunk_no  INT,                             -- NULL: the first done one that was not looked at
  @users     INT = 2000                       -- at most so many users
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @skip INT, @checked INT, @wrong INT, @ten_ranks INT, @order INT, @net INT, @card INT, @violated VARCHAR(200);

  IF @chunk_no IS NULL
    SELECT @chunk_no = MIN(c.chunk_no)
    FROM cardgenius.chunk AS c
    WHERE c.run_id = @run_id AND c.state = 'done' AND c.completed > 0 AND c.checked IS NULL;

  SELECT @skip = CAST(RAND() * CEILING(1.0 * c.completed / @users) AS INT) * @users
  FROM cardgenius.chunk AS c
  WHERE c.run_id = @run_id AND c.chunk_no = @chunk_no;

  SELECT DISTINCT rc.card_name
  INTO #card
  FROM cardgenius.run_card AS rc
  WHERE rc.run_id = @run_id;

  CREATE UNIQUE CLUSTERED INDEX ix_card ON #card (card_name);

  SELECT @checked = COUNT(*),
         @wrong = COALESCE(SUM(CASE WHEN s.ranks + s.disorder + s.net + s.card > 0 THEN 1 ELSE 0 END), 0),
         @ten_ranks = COALESCE(SUM(s.ranks), 0), @order = COALESCE(SUM(s.disorder), 0),
         @net = COALESCE(SUM(s.net), 0), @card = COALESCE(SUM(s.card), 0)
  FROM (
    SELECT r.user_id, r.ranks, r.net, r.card,
           CASE WHEN r.n1 < r.n2 OR r.n2 < r.n3 OR r.n3 < r.n4 OR r.n4 < r.n5 OR r.n5 < r.n6 OR r.n6 < r.n7 OR r.n7 < r.n8
                  OR r.n8 < r.n9 OR r.n9 < r.n10 THEN 1 ELSE 0 END AS disorder
    FROM (
      SELECT d.user_id, CASE WHEN COUNT(t.rank) = 10 AND MIN(t.rank) = 1 AND MAX(t.rank) = 10 THEN 0 ELSE 1 END AS ranks,
             MAX(CASE WHEN t.rank IS NULL OR t.net_savings = t.total_savings_yearly + t.total_extra_benefits - t.joining_fees
                      THEN 0 ELSE 1 END) AS net,
             MAX(CASE WHEN t.rank IS NULL OR k.card_name IS NOT NULL THEN 0 ELSE 1 END) AS card,
             MAX(CASE t.rank WHEN 1 THEN t.net_savings END) AS n1, MAX(CASE t.rank WHEN 2 THEN t.net_savings END) AS n2,
             MAX(CASE t.rank WHEN 3 THEN t.net_savings END) AS n3, MAX(CASE t.rank WHEN 4 THEN t.net_savings END) AS n4,
             MAX(CASE t.rank WHEN 5 THEN t.net_savings END) AS n5, MAX(CASE t.rank WHEN 6 THEN t.net_savings END) AS n6,
             MAX(CASE t.rank WHEN 7 THEN t.net_savings END) AS n7, MAX(CASE t.rank WHEN 8 THEN t.net_savings END) AS n8,
             MAX(CASE t.rank WHEN 9 THEN t.net_savings END) AS n9, MAX(CASE t.rank WHEN 10 THEN t.net_savings END) AS n10
      FROM (
        SELECT c.user_id
        FROM cardgenius.completed_user AS c WITH (FORCESEEK (pk_completed_user (run_id, chunk_no)))
        WHERE c.run_id = @run_id AND c.chunk_no = @chunk_no
        ORDER BY c.user_id
        OFFSET COALESCE(@skip, 0) ROWS FETCH NEXT @users ROWS ONLY
      ) AS d
      LEFT JOIN dbo.card_recommendations AS t ON t.user_id = d.user_id
      LEFT JOIN #card AS k ON k.card_name = t.card_name
      GROUP BY d.user_id
    ) AS r
  ) AS s
  WHERE 1 = CASE WHEN s.ranks + s.disorder + s.net + s.card = 0 THEN 1
                 WHEN EXISTS (SELECT 1 FROM dbo.user_spending_data AS u
                              WHERE u.user_id = s.user_id AND u.processing_status = 'completed') THEN 1
                 ELSE 0 END
  OPTION (LOOP JOIN, FORCE ORDER);

  SET @violated = CONCAT(CASE WHEN @ten_ranks > 0 THEN CONCAT(', ten_ranks ', @ten_ranks) END,
                         CASE WHEN @order > 0 THEN CONCAT(', order_by_net ', @order) END,
                         CASE WHEN @net > 0 THEN CONCAT(', net_adds_up ', @net) END,
                         CASE WHEN @card > 0 THEN CONCAT(', card_of_run ', @card) END);
  SET @violated = NULLIF(STUFF(@violated, 1, 2, ''), '');

  UPDATE cardgenius.chunk
     SET checked = @checked, violations = @wrong, violated = @violated
   WHERE run_id = @run_id AND chunk_no = @chunk_no;
  IF @@ROWCOUNT = 0
    RETURN;

  SELECT @chunk_no AS chunk_no, @checked AS checked, @wrong AS violations, @violated AS violated;
END;
