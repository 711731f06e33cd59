-- Purpose   The next users after a user id with their spends (whole paise in FLOAT, NULL as it is) and status, in key order.
-- Answers   user_id, the six amounts, processing_status; at most @users rows
-- Locks     shared, row by row
-- Isolation READ COMMITTED: each page is consistent in itself
-- Indexes   the key of user_spending_data
-- Avoids    OFFSET paging.
-- Callers   cardgenius run --dry-run --all; cardgenius catalog diff --database
-- Grants    EXECUTE for cardgenius_reader

CREATE OR ALTER PROCEDURE cardgenius.list_spending
  @after_user_id  VARCHAR(50),                -- NULL: from the start
  @users          INT
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT TOP (@users) u.user_id,
         CAST(u.avg_amazon_gmv * 100 AS FLOAT) AS amazon,
         CAST(u.avg_flipkart_gmv * 100 AS FLOAT) AS flipkart,
         CAST(u.avg_myntra_gmv * 100 AS FLOAT) AS myntra,
         CAST(u.avg_ajio_gmv * 100 AS FLOAT) AS ajio,
         CAST(u.avg_grocery_gmv * 100 AS FLOAT) AS grocery,
         CAST(u.avg_confirmed_gmv * 100 AS FLOAT) AS confirmed,
         u.processing_status
  FROM dbo.user_spending_data AS u
  WHERE u.user_id > COALESCE(@after_user_id, '')
  ORDER BY u.user_id
  OPTION (RECOMPILE);
END;
