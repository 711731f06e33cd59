-- No twin in sql/mssql: what is staged there is the session's own temporary table, and no view can read one.
-- Purpose   A staged row as card_recommendations will have it: the user and the card found, amounts in rupees, points as points.
-- Locks     none
-- Indexes   pk_chunk_user, pk_staged_recommendation, pk_run_card; a caller names the load, the run and the chunk
-- Callers   publish_chunk, compare_chunk
-- Grants    none: runs with its callers' rights

CREATE OR REPLACE VIEW cardgenius.staged_row
AS
SELECT s.load_no, cu.run_id, cu.chunk_no, cu.user_no, cu.user_id, s.rank, rc.card_id, rc.card_name, rc.joining_fees,
       rc.redemption_method, rc.redemption_rate,
       (s.total_savings_yearly * 0.01)::NUMERIC(12,2) AS total_savings_yearly,
       (s.total_extra_benefits * 0.01)::NUMERIC(12,2) AS total_extra_benefits,
       ((s.total_savings_yearly + s.total_extra_benefits) * 0.01 - rc.joining_fees)::NUMERIC(12,2) AS net_savings,
       (s.amazon_points * 0.01)::NUMERIC(12,2) AS amazon_points,
       (s.flipkart_points * 0.01)::NUMERIC(12,2) AS flipkart_points,
       (s.myntra_points * 0.01)::NUMERIC(12,2) AS myntra_points,
       (s.ajio_points * 0.01)::NUMERIC(12,2) AS ajio_points,
       (s.grocery_points * 0.01)::NUMERIC(12,2) AS grocery_points,
       (s.other_online_points * 0.01)::NUMERIC(12,2) AS other_online_points
FROM cardgenius.chunk_user AS cu
JOIN cardgenius.staged_recommendation AS s ON s.user_no = cu.user_no
JOIN cardgenius.run_card AS rc ON rc.run_id = cu.run_id AND rc.card_no = s.card_no;
