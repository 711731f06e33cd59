-- Twin of sql/mssql/prune_count_orphans.sql. Differs in: nothing but the dialect.
-- Callers   cardgenius prune --orphans
-- Grants    EXECUTE for cardgenius_janitor, cardgenius_migrator

CREATE OR REPLACE FUNCTION cardgenius.prune_count_orphans()
RETURNS TABLE (orphans DOUBLE PRECISION, rows_ DOUBLE PRECISION, users DOUBLE PRECISION)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT COUNT(*) FILTER (WHERE u.user_id IS NULL)::DOUBLE PRECISION,
         COALESCE(SUM(r.number) FILTER (WHERE u.user_id IS NULL), 0)::DOUBLE PRECISION,
         COUNT(*)::DOUBLE PRECISION
  FROM (SELECT c.user_id, COUNT(*) AS number
        FROM public.card_recommendations AS c
        GROUP BY c.user_id) AS r
  LEFT JOIN public.user_spending_data AS u ON u.user_id = r.user_id;
$$;
