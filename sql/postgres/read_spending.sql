-- Twin of sql/mssql/read_spending.sql. Differs in: Purpose, Locks.
-- Purpose   One user's spends (whole paise in doubles, NULL as it is), status and error.
-- Locks     none
-- Callers   cardgenius recommend, parity; the dashboard's user search; import on the embedded database, to say so where
--           invented users are there
-- Grants    EXECUTE for cardgenius_reader

CREATE OR REPLACE FUNCTION cardgenius.read_spending(p_user_id TEXT)
RETURNS TABLE (user_id TEXT, amazon FLOAT8, flipkart FLOAT8, myntra FLOAT8, ajio FLOAT8, grocery FLOAT8,
               confirmed FLOAT8, processing_status TEXT, processing_error TEXT)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT u.user_id::TEXT, (u.avg_amazon_gmv * 100)::FLOAT8, (u.avg_flipkart_gmv * 100)::FLOAT8,
         (u.avg_myntra_gmv * 100)::FLOAT8, (u.avg_ajio_gmv * 100)::FLOAT8, (u.avg_grocery_gmv * 100)::FLOAT8,
         (u.avg_confirmed_gmv * 100)::FLOAT8, u.processing_status::TEXT, u.processing_error::TEXT
  FROM public.user_spending_data AS u
  WHERE u.user_id = p_user_id;
$$;
