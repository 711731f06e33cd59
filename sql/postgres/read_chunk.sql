-- Twin of sql/mssql/read_chunk.sql. Differs in: Purpose, Locks.
-- Purpose   The set of a claimed chunk: user numbers and spends in whole paise. Ids never leave the database.
--           Amounts come as doubles: exact up to 2^53, and able to say NaN where a NUMERIC is not a number.
-- Locks     none
-- Callers   the chunk pipeline, after claim_chunk
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.read_chunk(p_run_id BIGINT, p_chunk_no INTEGER, p_token UUID)
RETURNS TABLE (user_no INTEGER, amazon FLOAT8, flipkart FLOAT8, myntra FLOAT8, ajio FLOAT8, grocery FLOAT8, confirmed FLOAT8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT cu.user_no,
         (COALESCE(cu.avg_amazon_gmv,    0) * 100)::FLOAT8,
         (COALESCE(cu.avg_flipkart_gmv,  0) * 100)::FLOAT8,
         (COALESCE(cu.avg_myntra_gmv,    0) * 100)::FLOAT8,
         (COALESCE(cu.avg_ajio_gmv,      0) * 100)::FLOAT8,
         (COALESCE(cu.avg_grocery_gmv,   0) * 100)::FLOAT8,
         (COALESCE(cu.avg_confirmed_gmv, 0) * 100)::FLOAT8
  FROM cardgenius.chunk_user AS cu
  WHERE cu.run_id = p_run_id
    AND cu.chunk_no = (SELECT c.chunk_no FROM cardgenius.chunk AS c
                       WHERE c.run_id = p_run_id AND c.chunk_no = p_chunk_no AND c.lease_token = p_token AND c.state = 'leased')
  ORDER BY cu.user_no;
$$;
