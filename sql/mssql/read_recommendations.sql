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

  SELECT s.user_id, s.rank, s.card_name, s.total_savings_yearly, s.joining_fees, s.total_extra_benefits, s.net_savings,
         s.amazon_points, s.flipkart_points, s.myntra_points, s.ajio_points, s.grocery_points, s.other_online_points,
         s.redemption_method, s.redemption_rate, s.card_id, s.batch_id, s.processed_at, s.created_at, s.updated_at
  FROM cardgenius.stored_row AS s
  WHERE s.user_id = @user_id
  ORDER BY s.rank;
END;
