-- Purpose   One user's spends (whole paise in FLOAT, NULL as it is), status and error.
-- Answers   one row, or none where there is no such user
-- Locks     shared, one row
-- Isolation READ COMMITTED
-- Indexes   the key of user_spending_data
-- Avoids    an NVARCHAR parameter, which would turn the seek on a VARCHAR key into a scan.
-- Callers   cardgenius recommend, parity; the dashboard's user search; import on the embedded database, to say so where
--           invented users are there
-- Grants    EXECUTE for cardgenius_reader

CREATE OR ALTER PROCEDURE cardgenius.read_spending
  @user_id  VARCHAR(50)
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  SELECT u.user_id,
         CAST(u.avg_amazon_gmv * 100 AS FLOAT) AS amazon,
         CAST(u.avg_flipkart_gmv * 100 AS FLOAT) AS flipkart,
         CAST(u.avg_myntra_gmv * 100 AS FLOAT) AS myntra,
         CAST(u.avg_ajio_gmv * 100 AS FLOAT) AS ajio,
         CAST(u.avg_grocery_gmv * 100 AS FLOAT) AS grocery,
         CAST(u.avg_confirmed_gmv * 100 AS FLOAT) AS confirmed,
         u.processing_status, u.processing_error
  FROM dbo.user_spending_data AS u
  WHERE u.user_id = @user_id;
END;
