-- Purpose   The rows of one user in card_recommendations, by rank: what they have now. Amounts in whole paise, points in whole
--           hundredths, the rate in ten-thousandths, all in FLOAT.
-- Answers   the columns of export_recommendations; ten rows, or none
-- Locks     shared, row by row
-- Isolation READ COMMITTED
-- Indexes   the key of card_recommendations
-- Avoids    DECIMAL, which the driver gives as a binary fraction.
-- Callers   the dashboard's user search
-- Grants    EXECUTE for cardgenius_reader

CREATE OR ALTER PROCEDURE cardgenius.read_recommendations
  @user_id  VARCHAR(50)
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

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
  WHERE r.user_id = @user_id
  ORDER BY r.rank;
END;
