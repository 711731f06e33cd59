-- Purpose   The next rows of card_recommendations after a user, by user_id and rank: whole users, in the database's own
--           key order. Amounts come as whole paise (hundredths of points, ten-thousandths of a rupee) in doubles.
-- Answers   the PRD's fifteen columns, at most p_users users
-- Locks     none
-- Isolation READ COMMITTED: each page is consistent in itself
-- Indexes   the key of card_recommendations
-- Callers   cardgenius export, parity, demo
-- Grants    EXECUTE for cardgenius_reader

CREATE OR REPLACE FUNCTION cardgenius.export_recommendations(p_after_user_id TEXT, p_users INTEGER)
RETURNS TABLE (user_id TEXT, rank INTEGER, card_name TEXT, total_savings_yearly FLOAT8, joining_fees FLOAT8,
               total_extra_benefits FLOAT8, net_savings FLOAT8, amazon_points FLOAT8, flipkart_points FLOAT8,
               myntra_points FLOAT8, ajio_points FLOAT8, grocery_points FLOAT8, other_online_points FLOAT8,
               redemption_method TEXT, redemption_rate FLOAT8)
LANGUAGE sql STABLE AS $$
  SELECT r.user_id::TEXT, r.rank::INTEGER, r.card_name::TEXT, (r.total_savings_yearly * 100)::FLOAT8,
         (r.joining_fees * 100)::FLOAT8, (r.total_extra_benefits * 100)::FLOAT8, (r.net_savings * 100)::FLOAT8,
         (r.amazon_points * 100)::FLOAT8, (r.flipkart_points * 100)::FLOAT8, (r.myntra_points * 100)::FLOAT8,
         (r.ajio_points * 100)::FLOAT8, (r.grocery_points * 100)::FLOAT8, (r.other_online_points * 100)::FLOAT8,
         r.redemption_method::TEXT, (r.redemption_rate * 10000)::FLOAT8
  FROM public.card_recommendations AS r
  WHERE (p_after_user_id IS NULL OR r.user_id > p_after_user_id)
    AND r.user_id <= (
      SELECT MAX(page.user_id)
      FROM (
        SELECT DISTINCT p.user_id
        FROM public.card_recommendations AS p
        WHERE p_after_user_id IS NULL OR p.user_id > p_after_user_id
        ORDER BY p.user_id
        LIMIT p_users
      ) AS page
    )
  ORDER BY r.user_id, r.rank;
$$;
