-- Purpose   Users in figures: quantiles of the first card's net savings (whole paise), how many users spend nothing, and how many
--           have less confirmed spend than the five categories add up to. Quantiles as PERCENTILE_DISC has them, which would
--           keep a copy of every row.
-- Answers   one row
-- Locks     shared, row by row: one pass over each contract table
-- Isolation READ COMMITTED: beside a run, users who are just being published may be counted before or after
-- Indexes   the key of card_recommendations; one sort of the first cards' nets
-- Avoids    BIGINT in the answer, which the driver gives as text.
-- Callers   cardgenius report
-- Grants    EXECUTE for cardgenius_reader

CREATE OR ALTER PROCEDURE cardgenius.report_users
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET DEADLOCK_PRIORITY LOW;

  CREATE TABLE #net (
    place  BIGINT         NOT NULL PRIMARY KEY,
    net    DECIMAL(12, 2) NULL
  );
  DECLARE @users BIGINT, @spending FLOAT, @at_zero FLOAT, @below FLOAT;

  INSERT INTO #net WITH (TABLOCK) (place, net)
  SELECT ROW_NUMBER() OVER (ORDER BY c.net_savings), c.net_savings
  FROM dbo.card_recommendations AS c
  WHERE c.rank = 1;
  SET @users = @@ROWCOUNT;

  SELECT @spending = COUNT_BIG(*),
         @at_zero = COUNT_BIG(CASE WHEN s.five = 0 AND s.confirmed = 0 THEN 1 END),
         @below = COUNT_BIG(CASE WHEN s.confirmed < s.five THEN 1 END)
  FROM (
    SELECT COALESCE(u.avg_amazon_gmv, 0) + COALESCE(u.avg_flipkart_gmv, 0) + COALESCE(u.avg_myntra_gmv, 0)
             + COALESCE(u.avg_ajio_gmv, 0) + COALESCE(u.avg_grocery_gmv, 0) AS five,
           COALESCE(u.avg_confirmed_gmv, 0) AS confirmed
    FROM dbo.user_spending_data AS u
  ) AS s;

  SELECT CAST(@users AS FLOAT) AS users, @spending AS spending_users, @at_zero AS users_at_zero, @below AS confirmed_below,
         CAST(MAX(CASE n.place WHEN 1 THEN n.net END) * 100 AS FLOAT) AS net_least,
         CAST(MAX(CASE n.place WHEN (@users * 5 + 99) / 100 THEN n.net END) * 100 AS FLOAT) AS net_p5,
         CAST(MAX(CASE n.place WHEN (@users * 25 + 99) / 100 THEN n.net END) * 100 AS FLOAT) AS net_p25,
         CAST(MAX(CASE n.place WHEN (@users * 50 + 99) / 100 THEN n.net END) * 100 AS FLOAT) AS net_p50,
         CAST(MAX(CASE n.place WHEN (@users * 75 + 99) / 100 THEN n.net END) * 100 AS FLOAT) AS net_p75,
         CAST(MAX(CASE n.place WHEN (@users * 95 + 99) / 100 THEN n.net END) * 100 AS FLOAT) AS net_p95,
         CAST(MAX(CASE n.place WHEN @users THEN n.net END) * 100 AS FLOAT) AS net_most
  FROM #net AS n
  WHERE n.place IN (1, (@users * 5 + 99) / 100, (@users * 25 + 99) / 100, (@users * 50 + 99) / 100, (@users * 75 + 99) / 100,
                    (@users * 95 + 99) / 100, @users);
END;
