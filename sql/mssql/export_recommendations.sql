-- Purpose   The next rows of card_recommendations after a user, by user_id and rank: whole users, in the database's own
--           key order. Amounts come as whole paise (hundredths of points, ten-thousandths of a rupee) in FLOAT.
-- Answers   the PRD's columns, at most @users users
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

  SELECT s.user_id, s.rank, s.card_name, s.total_savings_yearly, s.joining_fees, s.total_extra_benefits, s.net_savings,
         s.amazon_points, s.flipkart_points, s.myntra_points, s.ajio_points, s.grocery_points, s.other_online_points,
         s.redemption_method, s.redemption_rate, s.card_id, s.batch_id, s.processed_at, s.created_at, s.updated_at
  FROM cardgenius.stored_row AS s
  WHERE s.user_id > @after AND s.user_id <= @last
  ORDER BY s.user_id, s.rank
  OPTION (RECOMPILE, MAXDOP 1);               -- a range between two variables would be guessed at millions of rows
END;
