-- Purpose   The set of a claimed chunk: user numbers and spends in whole paise. Ids never leave the database.
--           Amounts come as FLOAT: whole numbers, exact up to 2^53.
-- Answers   a row a user, by user_no; nothing where the lease is lost
-- Locks     shared, row by row
-- Isolation READ COMMITTED
-- Indexes   pk_chunk, pk_chunk_user
-- Avoids    BIGINT, which the driver gives as text, and DECIMAL, which it gives as a binary fraction.
-- Callers   the chunk pipeline, after claim_chunk
-- Grants    EXECUTE for cardgenius_processor

CREATE OR ALTER PROCEDURE cardgenius.read_chunk
  @run_id    BIGINT,
  @chunk_no  INT,
  @token     UNIQUEIDENTIFIER
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

  DECLARE @held INT;                          -- the chunk, where the lease is ours; asked once, not for each user
  SELECT @held = c.chunk_no
  FROM cardgenius.chunk AS c
  WHERE c.run_id = @run_id AND c.chunk_no = @chunk_no AND c.lease_token = @token AND c.state = 'leased';

  SELECT cu.user_no,
         CAST(COALESCE(cu.avg_amazon_gmv,    0) * 100 AS FLOAT) AS amazon,
         CAST(COALESCE(cu.avg_flipkart_gmv,  0) * 100 AS FLOAT) AS flipkart,
         CAST(COALESCE(cu.avg_myntra_gmv,    0) * 100 AS FLOAT) AS myntra,
         CAST(COALESCE(cu.avg_ajio_gmv,      0) * 100 AS FLOAT) AS ajio,
         CAST(COALESCE(cu.avg_grocery_gmv,   0) * 100 AS FLOAT) AS grocery,
         CAST(COALESCE(cu.avg_confirmed_gmv, 0) * 100 AS FLOAT) AS confirmed
  FROM cardgenius.chunk_user AS cu
  WHERE cu.run_id = @run_id AND cu.chunk_no = @held
  ORDER BY cu.user_no;
END;
