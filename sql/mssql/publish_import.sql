-- Purpose   Brings the staged spends of a span of lines into user_spending_data: a new user is new, a changed one becomes
--           new again, an unchanged one stays as it is, whatever its status. Run again after an interruption, it finds
--           unchanged what went in before. With @new_only a user who is there stays as it is, whatever the spends: invented
--           users never replace an existing user.
-- Answers   one row: imported, unchanged (of the span)
-- Locks     the span's rows of user_spending_data, at most 1,900 a statement, in the order of the key
-- Isolation READ COMMITTED
-- Indexes   pk_staged_spending, the key of user_spending_data
-- Avoids    lock escalation on user_spending_data; writes that change nothing; error 8672 (reject_duplicates ran before).
-- Callers   cardgenius import, seed, demo: span after span, after reject_duplicates
-- Grants    EXECUTE for cardgenius_importer

CREATE OR ALTER PROCEDURE cardgenius.publish_import
  @load_no       BIGINT,
  @line_no_from  INT,
  @line_no_to    INT,
  @new_only      BIT = 0
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  DECLARE @at INT = 1, @last INT, @imported BIGINT = 0, @staged BIGINT = 0, @time DATETIME2(3) = SYSUTCDATETIME();

  BEGIN TRY
    -- The span in the order of the key, as publish_chunk takes its users: an import beside a run waits, and does not deadlock.
    SELECT s.user_id, s.amazon, s.flipkart, s.myntra, s.ajio, s.grocery, s.confirmed,
           ROW_NUMBER() OVER (ORDER BY s.user_id) AS place
    INTO #span
    FROM cardgenius.staged_spending AS s
    WHERE s.load_no = @load_no AND s.line_no BETWEEN @line_no_from AND @line_no_to;
    SET @last = @@ROWCOUNT;
    CREATE UNIQUE CLUSTERED INDEX ux_span ON #span (place);

    BEGIN TRANSACTION;

    WHILE @at <= @last
    BEGIN
      MERGE INTO dbo.user_spending_data AS t
      USING (
        SELECT s.user_id,
               CAST(s.amazon    * 0.01 AS DECIMAL(12,2)) AS amazon,
               CAST(s.flipkart  * 0.01 AS DECIMAL(12,2)) AS flipkart,
               CAST(s.myntra    * 0.01 AS DECIMAL(12,2)) AS myntra,
               CAST(s.ajio      * 0.01 AS DECIMAL(12,2)) AS ajio,
               CAST(s.grocery   * 0.01 AS DECIMAL(12,2)) AS grocery,
               CAST(s.confirmed * 0.01 AS DECIMAL(12,2)) AS confirmed
        FROM #span AS s
        WHERE s.place BETWEEN @at AND @at + 1899
      ) AS s
      ON t.user_id = s.user_id
      WHEN MATCHED AND EXISTS (
        SELECT s.amazon, s.flipkart, s.myntra, s.ajio, s.grocery, s.confirmed
        EXCEPT
        SELECT t.avg_amazon_gmv, t.avg_flipkart_gmv, t.avg_myntra_gmv, t.avg_ajio_gmv, t.avg_grocery_gmv, t.avg_confirmed_gmv)
           AND @new_only = 0
      THEN UPDATE SET
        avg_amazon_gmv = s.amazon, avg_flipkart_gmv = s.flipkart, avg_myntra_gmv = s.myntra, avg_ajio_gmv = s.ajio,
        avg_grocery_gmv = s.grocery, avg_confirmed_gmv = s.confirmed, processing_status = 'new', processing_error = NULL
        , updated_at = @time                  --? user_spending_data.updated_at
      WHEN NOT MATCHED THEN INSERT
        (user_id, avg_amazon_gmv, avg_flipkart_gmv, avg_myntra_gmv, avg_ajio_gmv, avg_grocery_gmv, avg_confirmed_gmv,
         processing_status
         , created_at                         --? user_spending_data.created_at
         , updated_at                         --? user_spending_data.updated_at
        )
      VALUES (s.user_id, s.amazon, s.flipkart, s.myntra, s.ajio, s.grocery, s.confirmed, 'new'
         , @time                              --? user_spending_data.created_at
         , @time                              --? user_spending_data.updated_at
        )
      OPTION (LOOP JOIN);
      SET @imported = @imported + @@ROWCOUNT;
      SET @at = @at + 1900;
    END;

    DELETE FROM cardgenius.staged_spending
    WHERE load_no = @load_no AND line_no BETWEEN @line_no_from AND @line_no_to;
    SET @staged = @@ROWCOUNT;

    UPDATE cardgenius.import
       SET imported = COALESCE(imported, 0) + @imported,
           unchanged = COALESCE(unchanged, 0) + @staged - @imported
     WHERE load_no = @load_no;

    COMMIT TRANSACTION;
    SELECT @imported AS imported, @staged - @imported AS unchanged;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
