-- Purpose   User ids that stand twice in user_spending_data, and ranks that stand twice for a user in card_recommendations:
--           possible only where a table was made without its key. Each is a user who would be published twice, or not at all.
-- Answers   at most 20 rows: table_name, id, number
-- Locks     shared, row by row: a scan of both tables
-- Isolation READ COMMITTED
-- Indexes   the keys, where there are any: then the scan is in order and needs no sort
-- Avoids    two million groups in the answer: the first ten of each table are enough to begin with.
-- Callers   cardgenius doctor
-- Grants    EXECUTE for cardgenius_reader

CREATE OR REPLACE FUNCTION cardgenius.doctor_duplicates()
RETURNS TABLE (table_name TEXT, id TEXT, number DOUBLE PRECISION)
LANGUAGE sql AS $$
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
