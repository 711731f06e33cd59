-- Twin of sql/mssql/list_spending.sql. Differs in: Purpose, Answers, Locks.
-- Purpose   The next users after a user id with their spends (whole paise in doubles, NULL as it is) and status, in key order.
-- Answers   user_id, the six amounts, processing_status; at most p_users rows
-- Locks     none
-- Callers   cardgenius run --dry-run --all; cardgenius catalog diff --database
-- Grants    EXECUTE for cardgenius_reader

CREATE OR REPLACE FUNCTION cardgenius.list_spending(p_after_user_id TEXT, p_users INTEGER)
RETURNS TABLE (user_id TEXT, amazon FLOAT8, flipkart FLOAT8, myntra FLOAT8, ajio FLOAT8, grocery FLOAT8,
               confirmed FLOAT8, processing_status TEXT)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
-- One plan serves all pages: by key from the page's first user, whatever the statistics say.
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
  SELECT u.user_id::TEXT, (u.avg_amazon_gmv * 100)::FLOAT8, (u.avg_flipkart_gmv * 100)::FLOAT8,
         (u.avg_myntra_gmv * 100)::FLOAT8, (u.avg_ajio_gmv * 100)::FLOAT8, (u.avg_grocery_gmv * 100)::FLOAT8,
         (u.avg_confirmed_gmv * 100)::FLOAT8, u.processing_status::TEXT
  FROM public.user_spending_data AS u
  WHERE u.user_id > COALESCE(p_after_user_id, '')
  ORDER BY u.user_id
  LIMIT p_users;
$$;
