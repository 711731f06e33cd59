-- Purpose   What publish_chunk does for a dry run: counts the rows that would be written, inserted or changed, and those that
--           would stay, and closes the chunk. Nothing of CashKaro's is touched.
-- Reads     #staged_recommendation and #staged_outcome of the calling session (queries/mssql/create_staging.sql)
-- Locks     chunk (held by the caller), the rows of chunk_user that it clears
-- Isolation READ COMMITTED, inside the caller's transaction
-- Indexes   pk_chunk, pk_chunk_user, the keys of staging, the key of card_recommendations
-- Avoids    locks on the contract tables beyond those of reading, row by row. Texts are compared as in publish_chunk.
-- Callers   publish_chunk, after the fence and the counts; never called directly
-- Grants    none: runs with its caller's rights

CREATE OR ALTER PROCEDURE cardgenius.compare_chunk
  @run_id        BIGINT,
  @chunk_no      INT,
  @from          INT,
  @to            INT,
  @failure_code  VARCHAR(50),
  @compute_ms    INT,
  @load_ms       INT,
  @now           DATETIME2(3)
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @span INT, @completed INT = 0, @written INT = 0, @at INT = @from, @until INT, @rows INT;

  SELECT @span = COUNT(*)
  FROM cardgenius.chunk_user AS cu
  WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no AND cu.user_no BETWEEN @from AND @to;

  IF @failure_code IS NULL
    SELECT @completed = @span - COUNT(*)
    FROM #staged_outcome AS o
    WHERE o.user_no BETWEEN @from AND @to AND o.error_code IS NOT NULL;

  WHILE @at <= @to
  BEGIN
    SET @until = CASE WHEN @at + 389 < @to THEN @at + 389 ELSE @to END;

    SELECT @rows = COUNT(*)
    FROM (
      SELECT cu.user_id, s.rank, rc.card_id, rc.card_name, rc.joining_fees, rc.redemption_method, rc.redemption_rate,
             CAST(CAST(rc.card_name AS NVARCHAR(200)) AS VARBINARY(400)) AS name_as_is,
             CAST(CAST(rc.redemption_method AS NVARCHAR(50)) AS VARBINARY(100)) AS method_as_is,
             CAST(s.total_savings_yearly * 0.01 AS DECIMAL(12,2)) AS total_savings_yearly,
             CAST(s.total_extra_benefits * 0.01 AS DECIMAL(12,2)) AS total_extra_benefits,
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
    LEFT JOIN dbo.card_recommendations AS t ON t.user_id = s.user_id AND t.rank = s.rank
    WHERE CASE                                -- a row that is not there yet is all NULL, and differs
      WHEN CAST(CAST(t.card_name AS NVARCHAR(200)) AS VARBINARY(400)) = s.name_as_is
       AND t.total_savings_yearly = s.total_savings_yearly AND t.joining_fees = s.joining_fees
       AND t.total_extra_benefits = s.total_extra_benefits AND t.amazon_points = s.amazon_points
       AND t.flipkart_points = s.flipkart_points AND t.myntra_points = s.myntra_points AND t.ajio_points = s.ajio_points
       AND t.grocery_points = s.grocery_points AND t.other_online_points = s.other_online_points
       AND CAST(CAST(t.redemption_method AS NVARCHAR(50)) AS VARBINARY(100)) = s.method_as_is
       AND t.redemption_rate = s.redemption_rate
       AND CAST(t.card_id AS NVARCHAR(100)) COLLATE Latin1_General_BIN2 = s.card_id   --? card_recommendations.card_id
      THEN 0 ELSE 1 END = 1
    OPTION (LOOP JOIN, FORCE ORDER);
    SET @written = @written + CASE WHEN @failure_code IS NULL THEN @rows ELSE 0 END;

    SET @at = @until + 1;
  END;

  DELETE FROM cardgenius.chunk_user
  WHERE run_id = @run_id AND chunk_no = @chunk_no AND user_no BETWEEN @from AND @to;

  UPDATE cardgenius.chunk
     SET completed = completed + @completed, failed = failed + @span - @completed,
         rows_written = rows_written + @written, rows_unchanged = rows_unchanged + @completed * 10 - @written
   WHERE run_id = @run_id AND chunk_no = @chunk_no;

  IF NOT EXISTS (SELECT 1 FROM cardgenius.chunk_user AS cu WHERE cu.run_id = @run_id AND cu.chunk_no = @chunk_no)
  BEGIN
    UPDATE cardgenius.chunk
       SET state = 'done', closed_at = @now, expired_leases = 0
     WHERE run_id = @run_id AND chunk_no = @chunk_no;
    UPDATE cardgenius.chunk_attempt
       SET outcome = 'done', ended_at = @now, compute_ms = @compute_ms, load_ms = @load_ms
     WHERE run_id = @run_id AND chunk_no = @chunk_no AND outcome IS NULL;
  END;
END;
