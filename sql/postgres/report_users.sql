-- Twin of sql/mssql/report_users.sql. Differs in: Purpose, Locks.
-- Purpose   Users in figures: quantiles of the first card's net savings (whole paise), how many users spend nothing, and how many
--           have less confirmed spend than the five categories add up to.
-- Locks     none
-- Callers   cardgenius report
-- Grants    EXECUTE for cardgenius_reader

CREATE OR REPLACE FUNCTION cardgenius.report_users()
RETURNS TABLE (users FLOAT8, spending_users FLOAT8, users_at_zero FLOAT8, confirmed_below FLOAT8, net_least FLOAT8,
               net_p5 FLOAT8, net_p25 FLOAT8, net_p50 FLOAT8, net_p75 FLOAT8, net_p95 FLOAT8, net_most FLOAT8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT n.users::FLOAT8, s.users::FLOAT8, s.at_zero::FLOAT8, s.below::FLOAT8,
         (n.net[1] * 100)::FLOAT8, (n.net[2] * 100)::FLOAT8, (n.net[3] * 100)::FLOAT8, (n.net[4] * 100)::FLOAT8,
         (n.net[5] * 100)::FLOAT8, (n.net[6] * 100)::FLOAT8, (n.net[7] * 100)::FLOAT8
  FROM (
    SELECT COUNT(*) AS users,
           PERCENTILE_DISC(ARRAY[0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]) WITHIN GROUP (ORDER BY c.net_savings) AS net
    FROM public.card_recommendations AS c
    WHERE c.rank = 1
  ) AS n
  CROSS JOIN (
    SELECT COUNT(*) AS users,
           COUNT(*) FILTER (WHERE f.five = 0 AND f.confirmed = 0) AS at_zero,
           COUNT(*) FILTER (WHERE f.confirmed < f.five) AS below
    FROM (
      SELECT COALESCE(u.avg_amazon_gmv, 0) + COALESCE(u.avg_flipkart_gmv, 0) + COALESCE(u.avg_myntra_gmv, 0)
               + COALESCE(u.avg_ajio_gmv, 0) + COALESCE(u.avg_grocery_gmv, 0) AS five,
             COALESCE(u.avg_confirmed_gmv, 0) AS confirmed
      FROM public.user_spending_data AS u
    ) AS f
  ) AS s;
$$;
