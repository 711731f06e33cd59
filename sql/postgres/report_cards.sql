-- Twin of sql/mssql/report_cards.sql. Differs in: Locks.
-- Locks     none
-- Callers   cardgenius report
-- Grants    EXECUTE for cardgenius_reader

CREATE OR REPLACE FUNCTION cardgenius.report_cards()
RETURNS TABLE (card_name TEXT, firsts FLOAT8, tens FLOAT8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT c.card_name::TEXT, COUNT(*) FILTER (WHERE c.rank = 1)::FLOAT8, COUNT(*)::FLOAT8
  FROM public.card_recommendations AS c
  GROUP BY c.card_name
  ORDER BY 2 DESC, 3 DESC, 1;
$$;
