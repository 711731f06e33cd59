-- Purpose   Swaps the staged results of a chunk in: one transaction, and the same when it is called twice.
--             1 the fence     an UPDATE of the chunk's row under its token: from here its lock is the lease
--             2 the counts    ten rows for each user that the load does not name as failed
--             3 the decision  one for each user, under lock: pending and spends unchanged becomes completed or failed;
--                             pending and changed becomes new; a status that another writer set is left alone
--             4 the MERGE     of the users just completed, and of no one else; rows that would not change get this run's
--                             processed_at and batch_id alone, and nothing where the run has stamp_unchanged = 0
--             5 the clearing  of the chunk's set; the chunk closes when its last user is decided
--           With a span of user numbers it does that for the span alone: so that one row which the database refuses is
--           isolated without losing the others. With a failure code the users of the span become failed, nothing is read
--           from staging, and their rows of last week stay.
--           A dry run goes as far as the counts: it tells the rows that would be written, and changes nothing of CashKaro's.
-- Answers   one row: state of the chunk, and its counts so far; none with @answer = 0
-- Reads     #staged_recommendation and #staged_outcome of the calling session (queries/mssql/create_staging.sql), but with a
--           failure code and where the chunk is done already. The twin in sql/postgres reads tables of ours, and clears them.
-- Errors    50001 the lease is lost; 50004 the staged rows do not add up, and 208 staging is not there: load again
-- Locks     chunk, user_spending_data, card_recommendations, then our own: chunk_user, completed_user. Of CashKaro's
--           tables at most 3,900 rows a statement; ours never escalate. The row of run is never written: no session
--           waits for another.
-- Isolation READ COMMITTED
-- Indexes   pk_chunk, pk_chunk_user, pk_run_card, pk_completed_user, the keys of #staged_recommendation and #staged_outcome,
--           the keys of both contract tables
-- Avoids    lock escalation (5,000 locks of one statement): users by 1,900 (a change of status costs two
--           locks in an index on it), rows by 390 users.
--           HOLDLOCK on the MERGE: the chunk's row gives one writer a user, and range locks would make disjoint
--           publishers deadlock on the gaps of an empty table; a foreign writer's 2627 is answered by publishing again.
--           NOT MATCHED BY SOURCE, which looks at the whole target: ten ranks replace ten ranks.
--           Scans under statistics of another time: LOOP JOIN, by key, in the order written (FORCE ORDER; MERGE keeps source
--           before target), and FORCESEEK on our own tables that fill and empty with every chunk.
--           Error 8672 (a source with duplicates): the key of staging is (user_no, rank).
--           Writes that change nothing: WHEN MATCHED asks whether any column differs. What we bring is never NULL, so a NULL
--           of theirs differs. Texts are compared as the bytes of their NVARCHAR: a collation does not see a blank at the
--           end, and COLLATE on a VARCHAR of another code page makes question marks of both sides.
--           OUTPUT from CashKaro's tables, which a trigger on them forbids: what was decided stands in a table of its own.
-- Callers   the chunk pipeline; fail_chunk; split_chunk
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.publish_chunk
  @run_id           BIGINT,
  @chunk_no         INT,
  @token            UNIQUEIDENTIFIER,
  @load_no          BIGINT       = NULL,
  @user_no_from     INT          = NULL,      -- NULL: from the first
  @user_no_to       INT          = NULL,      -- NULL: to the last
  @failure_code     VARCHAR(50)  = NULL,      -- NULL: publish what was staged
  @failure_message  VARCHAR(400) = NULL,
  @compute_ms       INT          = NULL,
  @load_ms          INT          = NULL,
  @now              DATETIME2(3) = NULL,
  @answer           BIT          = 1,         -- 0: the calling procedure answers
  @kind             VARCHAR(10)  = NULL       -- of the run; given by a caller that has a chunk's lock already
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @time DATETIME2(3) = cardgenius.clock(@now), @started DATETIME2(3) = SYSUTCDATETIME(),
          @from INT, @to INT, @at INT, @until INT, @error_length INT, @current_load BIGINT, @span INT = 0,
          @failures INT, @rows INT, @completed INT, @failed INT, @gone INT = 0, @written INT = 0,
          @message NVARCHAR(400), @batch_id VARCHAR(50), @stamp_unchanged BIT = 0;

  CREATE TABLE #decided (
    user_no            INT           NOT NULL PRIMARY KEY,
    processing_status  VARCHAR(20)   NOT NULL,
    processing_error   VARCHAR(4000) NULL
  );
  -- Few, where any: looked up for every user.
  CREATE TABLE #failure (
    user_no        INT          NOT NULL PRIMARY KEY,
    error_code     VARCHAR(50)  NOT NULL,
    error_message  VARCHAR(400) NULL
  );

  BEGIN TRY
    -- It never changes, and is read before any lock is taken: run comes before chunk, as where an operator cancels the run.
    IF @kind IS NULL
      SELECT @kind = r.kind, @batch_id = r.batch_id, @stamp_unchanged = r.stamp_unchanged
      FROM cardgenius.run AS r
      WHERE r.run_id = @run_id;

    BEGIN TRANSACTION;

    -- 1 The fence.
    UPDATE cardgenius.chunk
       SET lease_until = lease_until
     WHERE run_id = @run_id AND chunk_no = @chunk_no AND lease_token = @token AND state = 'leased';

    IF @@ROWCOUNT = 0
    BEGIN
      IF NOT EXISTS (SELECT 1 FROM cardgenius.chunk AS c
                     WHERE c.run_id = @run_id AND c.chunk_no = @chunk_no AND c.lease_token = @token
                       AND c.state IN ('done', 'failed'))
      BEGIN
        SET @message = CONCAT('the lease of chunk ', @chunk_no, ' of run ', @run_id, ' is lost');
        THROW 50001, @message, 71;
      END;

      COMMIT TRANSACTION;                     -- done before, the answer was lost
      IF @answer = 1
        EXEC cardgenius.chunk_result @run_id = @run_id, @chunk_no = @chunk_no;
      RETURN;
    END;

    SELECT @current_load = c.load_no
    FROM cardgenius.chunk AS c
    WHERE c.run_id = @run_id AND c.chunk_no = @chunk_no;

    -- 2 The counts.
    SELECT @span = COUNT(*), @from = MIN(cu.user_no), @to = MAX(cu.user_no)
    FROM cardgenius.chunk_user AS cu
    WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no
      AND cu.user_no BETWEEN COALESCE(@user_no_from, 1) AND COALESCE(@user_no_to, 2147483647);

    IF @failure_code IS NULL
    BEGIN
      SELECT @failures = COUNT(*)
      FROM #staged_outcome AS o
      WHERE o.error_code IS NOT NULL
        AND o.user_no BETWEEN COALESCE(@user_no_from, 1) AND COALESCE(@user_no_to, 2147483647);

      SELECT @rows = COUNT(*)
      FROM #staged_recommendation AS s
      WHERE s.user_no BETWEEN COALESCE(@user_no_from, 1) AND COALESCE(@user_no_to, 2147483647);

      IF @load_no IS NULL OR @current_load IS NULL OR @current_load <> @load_no OR @rows <> (@span - @failures) * 10
      BEGIN
        SET @message = CONCAT('load ', @load_no, ' of chunk ', @chunk_no, ' of run ', @run_id, ' does not add up: ', @span,
                              ' users, ', @failures, ' of them failed, and ', @rows, ' rows');
        THROW 50004, @message, 71;
      END;
    END;

    IF @kind = 'dry_run'
    BEGIN
      EXEC cardgenius.compare_chunk @run_id = @run_id, @chunk_no = @chunk_no, @from = @from, @to = @to,
                                    @failure_code = @failure_code, @compute_ms = @compute_ms, @load_ms = @load_ms, @now = @time;
      COMMIT TRANSACTION;
      IF @answer = 1
        EXEC cardgenius.chunk_result @run_id = @run_id, @chunk_no = @chunk_no;
      RETURN;
    END;

    SELECT @error_length = s.error_length FROM cardgenius.contract_shape AS s;

    -- 3 The decision. UPDLOCK keeps each row as it was read to the end: no other session changes a user in between.
    IF @failure_code IS NULL                  -- with a code, staging is not read: fail_chunk and split_chunk have none
      INSERT INTO #failure (user_no, error_code, error_message)
      SELECT o.user_no, o.error_code, o.error_message
      FROM #staged_outcome AS o
      WHERE o.user_no BETWEEN @from AND @to AND o.error_code IS NOT NULL;

    SET @at = @from;
    WHILE @at <= @to
    BEGIN
      SET @until = CASE WHEN @at + 1899 < @to THEN @at + 1899 ELSE @to END;

      INSERT INTO #decided (user_no, processing_status, processing_error)
      SELECT cu.user_no,
             CASE WHEN changed.is_changed = 1 THEN 'new'
                  WHEN COALESCE(@failure_code, o.error_code) IS NULL THEN 'completed'
                  ELSE 'failed' END,
             CASE WHEN changed.is_changed = 1 THEN NULL
                  WHEN @failure_code IS NOT NULL THEN LEFT(CONCAT(@failure_code, ': ', @failure_message), @error_length)
                  WHEN o.error_code IS NOT NULL THEN LEFT(CONCAT(o.error_code, ': ', o.error_message), @error_length) END
      FROM cardgenius.chunk_user AS cu WITH (FORCESEEK (pk_chunk_user (run_id, chunk_no, user_no)))
      JOIN dbo.user_spending_data AS u WITH (ROWLOCK, UPDLOCK) ON u.user_id = cu.user_id
      LEFT JOIN #failure AS o ON o.user_no = cu.user_no
      CROSS APPLY (
        SELECT CASE WHEN EXISTS (SELECT cu.avg_amazon_gmv, cu.avg_flipkart_gmv, cu.avg_myntra_gmv, cu.avg_ajio_gmv,
                                        cu.avg_grocery_gmv, cu.avg_confirmed_gmv
                                 EXCEPT
                                 SELECT u.avg_amazon_gmv, u.avg_flipkart_gmv, u.avg_myntra_gmv, u.avg_ajio_gmv,
                                        u.avg_grocery_gmv, u.avg_confirmed_gmv) THEN 1 ELSE 0 END AS is_changed
      ) AS changed
      WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no AND cu.user_no BETWEEN @at AND @until
        AND u.processing_status = 'pending'
      OPTION (LOOP JOIN, FORCE ORDER);

      UPDATE u
         SET u.processing_status = d.processing_status, u.processing_error = d.processing_error
           , u.last_processed_at =            --? user_spending_data.last_processed_at
             IIF(d.processing_status = 'new', u.last_processed_at, @time)     --? user_spending_data.last_processed_at
           , u.updated_at = @time             --? user_spending_data.updated_at
        FROM cardgenius.chunk_user AS cu WITH (FORCESEEK (pk_chunk_user (run_id, chunk_no, user_no)))
        JOIN #decided AS d ON d.user_no = cu.user_no
        JOIN dbo.user_spending_data AS u ON u.user_id = cu.user_id
       WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no AND cu.user_no BETWEEN @at AND @until
      OPTION (LOOP JOIN, FORCE ORDER);

      SET @at = @until + 1;
    END;

    SELECT @completed = COALESCE(SUM(CASE d.processing_status WHEN 'completed' THEN 1 ELSE 0 END), 0),
           @failed = COALESCE(SUM(CASE d.processing_status WHEN 'failed' THEN 1 ELSE 0 END), 0)
    FROM #decided AS d;

    IF @completed < @span
    BEGIN
      SELECT @gone = COUNT(*)
      FROM cardgenius.chunk_user AS cu
      WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no AND cu.user_no BETWEEN @from AND @to
        AND NOT EXISTS (SELECT 1 FROM dbo.user_spending_data AS u WHERE u.user_id = cu.user_id);

      DELETE cu                               -- so that the completed ones are what is left of the span
      FROM cardgenius.chunk_user AS cu
      WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no AND cu.user_no BETWEEN @from AND @to
        AND NOT EXISTS (SELECT 1 FROM #decided AS d WHERE d.user_no = cu.user_no AND d.processing_status = 'completed');
    END;

    -- 4 The MERGE.
    SET @at = @from;
    WHILE @at <= @to
    BEGIN
      SET @until = CASE WHEN @at + 389 < @to THEN @at + 389 ELSE @to END;

      IF @completed > 0
      BEGIN
        MERGE INTO dbo.card_recommendations AS t
        USING (
          SELECT cu.user_id, s.rank, rc.card_id, rc.card_name, rc.joining_fees, rc.redemption_method, rc.redemption_rate,
                 CAST(CAST(rc.card_name AS NVARCHAR(200)) AS VARBINARY(400)) AS name_as_is,
                 CAST(CAST(rc.redemption_method AS NVARCHAR(50)) AS VARBINARY(100)) AS method_as_is,
                 CAST(s.total_savings_yearly * 0.01 AS DECIMAL(12,2)) AS total_savings_yearly,
                 CAST(s.total_extra_benefits * 0.01 AS DECIMAL(12,2)) AS total_extra_benefits,
                 CAST((s.total_savings_yearly + s.total_extra_benefits) * 0.01 - rc.joining_fees AS DECIMAL(12,2)) AS net_savings,
                 CAST(s.amazon_points * 0.01 AS DECIMAL(12,2)) AS amazon_points,
                 CAST(s.flipkart_points * 0.01 AS DECIMAL(12,2)) AS flipkart_points,
                 CAST(s.myntra_points * 0.01 AS DECIMAL(12,2)) AS myntra_points,
                 CAST(s.ajio_points * 0.01 AS DECIMAL(12,2)) AS ajio_points,
                 CAST(s.grocery_points * 0.01 AS DECIMAL(12,2)) AS grocery_points,
                 CAST(s.other_online_points * 0.01 AS DECIMAL(12,2)) AS other_online_points
          FROM cardgenius.chunk_user AS cu WITH (FORCESEEK (pk_chunk_user (run_id, chunk_no, user_no)))
          JOIN #staged_recommendation AS s WITH (FORCESEEK) ON s.user_no = cu.user_no
          JOIN cardgenius.run_card AS rc WITH (FORCESEEK (pk_run_card (run_id, card_no)))
            ON rc.run_id = @run_id AND rc.card_no = s.card_no
          WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no AND cu.user_no BETWEEN @at AND @until
        ) AS s
        ON t.user_id = s.user_id AND t.rank = s.rank
        WHEN MATCHED AND CASE
          WHEN CAST(CAST(t.card_name AS NVARCHAR(200)) AS VARBINARY(400)) = s.name_as_is
           AND t.total_savings_yearly = s.total_savings_yearly AND t.joining_fees = s.joining_fees
           AND t.total_extra_benefits = s.total_extra_benefits AND t.net_savings = s.net_savings
           AND t.amazon_points = s.amazon_points AND t.flipkart_points = s.flipkart_points
           AND t.myntra_points = s.myntra_points AND t.ajio_points = s.ajio_points AND t.grocery_points = s.grocery_points
           AND t.other_online_points = s.other_online_points
           AND CAST(CAST(t.redemption_method AS NVARCHAR(50)) AS VARBINARY(100)) = s.method_as_is
           AND t.redemption_rate = s.redemption_rate
           AND CAST(t.card_id AS NVARCHAR(100)) COLLATE Latin1_General_BIN2 = s.card_id   --? card_recommendations.card_id
          THEN 0 ELSE 1 END = 1
        THEN UPDATE SET
          card_name = s.card_name, total_savings_yearly = s.total_savings_yearly, joining_fees = s.joining_fees,
          total_extra_benefits = s.total_extra_benefits, net_savings = s.net_savings, amazon_points = s.amazon_points,
          flipkart_points = s.flipkart_points, myntra_points = s.myntra_points, ajio_points = s.ajio_points,
          grocery_points = s.grocery_points, other_online_points = s.other_online_points,
          redemption_method = s.redemption_method, redemption_rate = s.redemption_rate
          , card_id = s.card_id               --? card_recommendations.card_id
          , processed_at = @time              --? card_recommendations.processed_at
          , batch_id = @batch_id              --? card_recommendations.batch_id
          , updated_at = @time                --? card_recommendations.updated_at
        WHEN NOT MATCHED THEN INSERT
          (user_id, rank, card_name, total_savings_yearly, joining_fees, total_extra_benefits, net_savings, amazon_points,
           flipkart_points, myntra_points, ajio_points, grocery_points, other_online_points, redemption_method, redemption_rate
           , card_id                          --? card_recommendations.card_id
           , processed_at                     --? card_recommendations.processed_at
           , batch_id                         --? card_recommendations.batch_id
           , created_at                       --? card_recommendations.created_at
           , updated_at                       --? card_recommendations.updated_at
          )
        VALUES
          (s.user_id, s.rank, s.card_name, s.total_savings_yearly, s.joining_fees, s.total_extra_benefits, s.net_savings,
           s.amazon_points, s.flipkart_points, s.myntra_points, s.ajio_points, s.grocery_points, s.other_online_points,
           s.redemption_method, s.redemption_rate
           , s.card_id                        --? card_recommendations.card_id
           , @time                            --? card_recommendations.processed_at
           , @batch_id                        --? card_recommendations.batch_id
           , @time                            --? card_recommendations.created_at
           , @time                            --? card_recommendations.updated_at
          )
        OPTION (LOOP JOIN, FORCE ORDER);
        SET @written = @written + @@ROWCOUNT;

        -- The rows that did not change carry this run's time and batch, too; net_savings stands for the one column that a SET
        -- needs. ISNULL gives @time the column's own type: where that is coarser, what the MERGE has just written is stamped.
        IF @stamp_unchanged = 1
          UPDATE t
             SET t.net_savings = t.net_savings
               , t.processed_at = @time       --? card_recommendations.processed_at
               , t.batch_id = @batch_id       --? card_recommendations.batch_id
            FROM cardgenius.chunk_user AS cu WITH (FORCESEEK (pk_chunk_user (run_id, chunk_no, user_no)))
            JOIN dbo.card_recommendations AS t ON t.user_id = cu.user_id
           WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no AND cu.user_no BETWEEN @at AND @until
             AND (1 = 0
                  OR t.processed_at IS NULL   --? card_recommendations.processed_at
                  OR t.processed_at <> ISNULL(NULLIF(t.processed_at, t.processed_at), @time) --? card_recommendations.processed_at
                  OR t.batch_id IS NULL OR t.batch_id <> @batch_id  --? card_recommendations.batch_id
                 )
          OPTION (LOOP JOIN, FORCE ORDER);
      END;

      SET @at = @until + 1;
    END;

    IF @failure_code IS NULL AND @user_no_from IS NOT NULL   -- published again, the span must add up: no users, no rows
    BEGIN
      DELETE FROM #staged_recommendation WHERE user_no BETWEEN @from AND @to;
      DELETE FROM #staged_outcome WHERE user_no BETWEEN @from AND @to;
    END;

    -- 5 The clearing.
    DELETE FROM cardgenius.chunk_user         -- the completed are what is left of it; redo asks who they were
    OUTPUT deleted.run_id, deleted.chunk_no, deleted.user_id
      INTO cardgenius.completed_user (run_id, chunk_no, user_id)
    WHERE run_id = @run_id AND chunk_no = @chunk_no AND user_no BETWEEN @from AND @to;

    UPDATE cardgenius.chunk
       SET completed = completed + @completed,
           failed = failed + @failed,
           changed = changed + @span - @completed - @failed - @gone,
           gone = gone + @gone,
           refused = refused + CASE WHEN @failure_code = 'REFUSED_BY_DATABASE' THEN @failed ELSE 0 END,
           rows_written = rows_written + @written,
           rows_unchanged = rows_unchanged + @completed * 10 - @written
     WHERE run_id = @run_id AND chunk_no = @chunk_no;

    IF NOT EXISTS (SELECT 1 FROM cardgenius.chunk_user AS cu WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no)
    BEGIN
      UPDATE cardgenius.chunk
         SET state = 'done', closed_at = @time, expired_leases = 0
       WHERE run_id = @run_id AND chunk_no = @chunk_no;

      UPDATE cardgenius.chunk_attempt
         SET outcome = 'done', ended_at = @time, compute_ms = @compute_ms, load_ms = @load_ms,
             publish_ms = DATEDIFF(MILLISECOND, @started, SYSUTCDATETIME())
       WHERE run_id = @run_id AND chunk_no = @chunk_no AND outcome IS NULL;
    END;

    COMMIT TRANSACTION;
    IF @answer = 1
      EXEC cardgenius.chunk_result @run_id = @run_id, @chunk_no = @chunk_no;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
