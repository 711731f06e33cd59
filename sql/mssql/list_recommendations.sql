-- Purpose   The rows of card_recommendations of users after one user id up to another, ordered as in export_recommendations.
-- Answers   the columns of export_recommendations
-- Locks     shared, row by row
-- Isolation READ COMMITTED: each range is consistent in itself
-- Indexes   the key of card_recommendations
-- Avoids    DECIMAL, which the driver gives as a binary fraction.
-- Callers   cardgenius run --dry-run --all, beside list_spending
-- Grants    EXECUTE for cardgenius_reader

CREATE OR ALTER PROCEDURE cardgenius.list_recommendations
  @after_user_id  VARCHAR(50),                -- NULL: from the start
  @last_user_id   VARCHAR(50)
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT s.user_id, s.rank, s.card_name, s.total_savings_yearly, s.joining_fees, s.total_extra_benefits, s.net_savings,
         s.amazon_points, s.flipkart_points, s.myntra_points, s.ajio_points, s.grocery_points, s.other_online_points,
         s.redemption_method, s.redemption_rate, s.card_id, s.batch_id, s.processed_at, s.created_at, s.updated_at
  FROM cardgenius.stored_row AS s
  WHERE s.user_id > COALESCE(@after_user_id, '') AND s.user_id <= @last_user_id
  ORDER BY s.user_id, s.rank
  OPTION (RECOMPILE, MAXDOP 1);               -- a range between two variables would be guessed at millions of rows
END;
