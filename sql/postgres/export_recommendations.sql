-- Twin of sql/mssql/export_recommendations.sql. Differs in: Purpose, Answers, Locks.
-- Purpose   The next rows of card_recommendations after a user, by user_id and rank: whole users, in the database's own
--           key order. Amounts come as whole paise (hundredths of points, ten-thousandths of a rupee) in doubles.
-- Answers   the PRD's columns, at most p_users users
-- Locks     none
-- Callers   cardgenius export, parity, demo
-- Grants    EXECUTE for cardgenius_reader

CREATE OR REPLACE FUNCTION cardgenius.export_recommendations(p_after_user_id TEXT, p_users INTEGER)
RETURNS TABLE (user_id TEXT, rank INTEGER, card_name TEXT, total_savings_yearly FLOAT8, joining_fees FLOAT8,
               total_extra_benefits FLOAT8, net_savings FLOAT8, amazon_points FLOAT8, flipkart_points FLOAT8,
               myntra_points FLOAT8, ajio_points FLOAT8, grocery_points FLOAT8, other_online_points FLOAT8,
               redemption_method TEXT, redemption_rate FLOAT8, card_id TEXT, batch_id TEXT, processed_at TIMESTAMPTZ,
               created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
-- One plan serves all pages: by key from the page's first user, whatever the statistics say.
SET enable_seqscan = off
SET enable_bitmapscan = off
SET timezone = 'UTC'
AS $$
  SELECT s.user_id, s.rank, s.card_name, s.total_savings_yearly, s.joining_fees, s.total_extra_benefits, s.net_savings,
         s.amazon_points, s.flipkart_points, s.myntra_points, s.ajio_points, s.grocery_points, s.other_online_points,
         s.redemption_method, s.redemption_rate, s.card_id, s.batch_id, s.processed_at, s.created_at, s.updated_at
  FROM cardgenius.stored_row AS s
  WHERE s.user_id > COALESCE(p_after_user_id, '')
    AND s.user_id <= (
      SELECT MAX(page.user_id)
      FROM (
        SELECT DISTINCT p.user_id
        FROM public.card_recommendations AS p
        WHERE p.user_id > COALESCE(p_after_user_id, '')
        ORDER BY p.user_id
        LIMIT p_users
      ) AS page
    )
  ORDER BY s.user_id, s.rank;
$$;
