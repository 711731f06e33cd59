-- Purpose   The rows of one user in card_recommendations, by rank: what they have now. Amounts in whole paise, points in whole
--           hundredths, the rate in ten-thousandths.
-- Answers   the columns of export_recommendations; ten rows, or none
-- Locks     none
-- Isolation READ COMMITTED
-- Indexes   the key of card_recommendations
-- Callers   the dashboard's user search
-- Grants    EXECUTE for cardgenius_reader

CREATE OR REPLACE FUNCTION cardgenius.read_recommendations(p_user_id TEXT)
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
  WHERE r.user_id = p_user_id
  ORDER BY r.rank;
$$;
