-- Twin of sql/mssql/doctor_duplicates.sql. Differs in: nothing but the dialect.
-- Callers   cardgenius doctor
-- Grants    EXECUTE for cardgenius_reader

CREATE OR REPLACE FUNCTION cardgenius.doctor_duplicates()
RETURNS TABLE (table_name TEXT, id TEXT, number DOUBLE PRECISION)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  (SELECT 'user_spending_data', u.user_id::TEXT, COUNT(*)::DOUBLE PRECISION
   FROM public.user_spending_data AS u
   GROUP BY u.user_id
   HAVING COUNT(*) > 1
   ORDER BY u.user_id
   LIMIT 10)
  UNION ALL
  (SELECT 'card_recommendations', r.user_id::TEXT, COUNT(*)::DOUBLE PRECISION
   FROM public.card_recommendations AS r
   GROUP BY r.user_id, r.rank
   HAVING COUNT(*) > 1
   ORDER BY r.user_id
   LIMIT 10);
$$;
