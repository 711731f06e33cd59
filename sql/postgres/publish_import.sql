-- Twin of sql/mssql/publish_import.sql. Differs in: Purpose, Locks.
-- Purpose   Brings the staged spends of a span of lines into user_spending_data: a new user is new, a changed one becomes
--           new again, an unchanged one stays as it is, whatever its status. Run again after an interruption, it finds
--           unchanged what went in before. With p_new_only a user who is there stays as it is, whatever the spends: invented
--           users never replace an existing user.
-- Locks     the span's rows of user_spending_data, in the order of their key, as claim_chunk and publish_chunk lock them: an import
--           beside a run waits, and does not deadlock
-- Callers   cardgenius import, seed, demo: span after span, after reject_duplicates
-- Grants    EXECUTE for cardgenius_importer

CREATE OR REPLACE FUNCTION cardgenius.publish_import(p_load_no BIGINT, p_line_no_from INTEGER, p_line_no_to INTEGER,
                                                     p_new_only BOOLEAN DEFAULT FALSE)
RETURNS TABLE (imported BIGINT, unchanged BIGINT)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
-- A span is small and the table may be large: users are looked up by key.
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET timezone = 'UTC'                         -- a TIMESTAMP without a zone of theirs holds UTC
AS $$
DECLARE
  v_imported  BIGINT;
  v_staged    BIGINT;
BEGIN
  MERGE INTO public.user_spending_data AS t
  USING (
    SELECT s.user_id,
           (s.amazon    * 0.01)::NUMERIC(12,2) AS amazon,
           (s.flipkart  * 0.01)::NUMERIC(12,2) AS flipkart,
           (s.myntra    * 0.01)::NUMERIC(12,2) AS myntra,
           (s.ajio      * 0.01)::NUMERIC(12,2) AS ajio,
           (s.grocery   * 0.01)::NUMERIC(12,2) AS grocery,
           (s.confirmed * 0.01)::NUMERIC(12,2) AS confirmed
    FROM cardgenius.staged_spending AS s
    WHERE s.load_no = p_load_no AND s.line_no BETWEEN p_line_no_from AND p_line_no_to
    ORDER BY s.user_id
  ) AS s
  ON t.user_id = s.user_id
  WHEN MATCHED AND NOT p_new_only AND
       (t.avg_amazon_gmv, t.avg_flipkart_gmv, t.avg_myntra_gmv, t.avg_ajio_gmv, t.avg_grocery_gmv, t.avg_confirmed_gmv)
       IS DISTINCT FROM (s.amazon, s.flipkart, s.myntra, s.ajio, s.grocery, s.confirmed)
  THEN UPDATE SET
    avg_amazon_gmv = s.amazon, avg_flipkart_gmv = s.flipkart, avg_myntra_gmv = s.myntra, avg_ajio_gmv = s.ajio,
    avg_grocery_gmv = s.grocery, avg_confirmed_gmv = s.confirmed, processing_status = 'new', processing_error = NULL
    , updated_at = clock_timestamp()          --? user_spending_data.updated_at
  WHEN NOT MATCHED THEN INSERT
    (user_id, avg_amazon_gmv, avg_flipkart_gmv, avg_myntra_gmv, avg_ajio_gmv, avg_grocery_gmv, avg_confirmed_gmv,
     processing_status
     , created_at                             --? user_spending_data.created_at
     , updated_at                             --? user_spending_data.updated_at
    )
  VALUES (s.user_id, s.amazon, s.flipkart, s.myntra, s.ajio, s.grocery, s.confirmed, 'new'
          , clock_timestamp()                 --? user_spending_data.created_at
          , clock_timestamp()                 --? user_spending_data.updated_at
         );
  GET DIAGNOSTICS v_imported = ROW_COUNT;

  DELETE FROM cardgenius.staged_spending AS s
  WHERE s.load_no = p_load_no AND s.line_no BETWEEN p_line_no_from AND p_line_no_to;
  GET DIAGNOSTICS v_staged = ROW_COUNT;

  UPDATE cardgenius.import AS i
     SET imported = COALESCE(i.imported, 0) + v_imported,
         unchanged = COALESCE(i.unchanged, 0) + v_staged - v_imported
   WHERE i.load_no = p_load_no;

  RETURN QUERY SELECT v_imported, v_staged - v_imported;
END;
$$;
