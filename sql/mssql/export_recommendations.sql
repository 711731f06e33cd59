-- Purpose   The next rows of card_recommendations after a user, by user_id and rank: whole users, in the database's own
--           key order. Amounts come as whole paise (hundredths of points, ten-thousandths of a rupee) in FLOAT.
-- Answers   the PRD's fifteen columns, at most @users users
-- Locks     shared, row by row
-- Isolation READ COMMITTED: each page is consistent in itself
-- Indexes   the key of card_recommendations
-- Avoids    OFFSET paging, and DECIMAL, which the driver gives as a binary fraction.
-- Callers   cardgenius export, parity, demo
-- Grants    EXECUTE for cardgenius_reader

CREATE OR ALTER PROCEDURE cardgenius.export_recommendations
  @after_user_id  VARCHAR(50),                -- NULL: from the start
  @users          INT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @after VARCHAR(50) = COALESCE(@after_user_id, ''), @last VARCHAR(50);

  SELECT @last = MAX(page.user_id)
  FROM (
    SELECT DISTINCT TOP (@users) p.user_id
    FROM dbo.card_recommendations AS p
    WHERE p.user_id > @after
    ORDER BY p.user_id
  ) AS page;

  SELECT r.user_id, CAST(r.rank AS INT) AS rank, r.card_name,
         CAST(r.total_savings_yearly * 100 AS FLOAT) AS total_savings_yearly,
         CAST(r.joining_fees * 100 AS FLOAT) AS joining_fees,
         CAST(r.total_extra_benefits * 100 AS FLOAT) AS total_extra_benefits,
         CAST(r.net_savings * 100 AS FLOAT) AS net_savings,
         CAST(r.amazon_points * 100 AS FLOAT) AS amazon_points,
         CAST(r.flipkart_points * 100 AS FLOAT) AS flipkart_points,
         CAST(r.myntra_points * 100 AS FLOAT) AS myntra_points,
         CAST(r.ajio_points * 100 AS FLOAT) AS ajio_points,
         CAST(r.grocery_points * 100 AS FLOAT) AS grocery_points,
         CAST(r.other_online_points * 100 AS FLOAT) AS other_online_points,
         r.redemption_method,
         CAST(r.redemption_rate * 10000 AS FLOAT) AS redemption_rate
  FROM dbo.card_recommendations AS r
  WHERE r.user_id > @after AND r.user_id <= @last
  ORDER BY r.user_id, r.rank
  OPTION (RECOMPILE, MAXDOP 1);               -- a range between two variables would be guessed at millions of rows
END;
