-- Twin of sql/mssql/stored_row.sql; differs in: a TIMESTAMP without a zone is read in the session's, which its callers set to UTC.
-- Callers   export_recommendations, list_recommendations, read_recommendations
-- Grants    none: runs with its callers' rights

CREATE OR REPLACE VIEW cardgenius.stored_row
AS
SELECT r.user_id::TEXT AS user_id, r.rank::INTEGER AS rank, r.card_name::TEXT AS card_name,
       (r.total_savings_yearly * 100)::FLOAT8 AS total_savings_yearly,
       (r.joining_fees * 100)::FLOAT8 AS joining_fees,
       (r.total_extra_benefits * 100)::FLOAT8 AS total_extra_benefits,
       (r.net_savings * 100)::FLOAT8 AS net_savings,
       (r.amazon_points * 100)::FLOAT8 AS amazon_points,
       (r.flipkart_points * 100)::FLOAT8 AS flipkart_points,
       (r.myntra_points * 100)::FLOAT8 AS myntra_points,
       (r.ajio_points * 100)::FLOAT8 AS ajio_points,
       (r.grocery_points * 100)::FLOAT8 AS grocery_points,
       (r.other_online_points * 100)::FLOAT8 AS other_online_points,
       r.redemption_method::TEXT AS redemption_method,
       (r.redemption_rate * 10000)::FLOAT8 AS redemption_rate
       , r.card_id::TEXT AS card_id  --? card_recommendations.card_id
       , NULL::TEXT AS card_id  --? !card_recommendations.card_id
       , r.batch_id::TEXT AS batch_id  --? card_recommendations.batch_id
       , NULL::TEXT AS batch_id  --? !card_recommendations.batch_id
       , r.processed_at::TIMESTAMPTZ AS processed_at  --? card_recommendations.processed_at
       , NULL::TIMESTAMPTZ AS processed_at  --? !card_recommendations.processed_at
       , r.created_at::TIMESTAMPTZ AS created_at  --? card_recommendations.created_at
       , NULL::TIMESTAMPTZ AS created_at  --? !card_recommendations.created_at
       , r.updated_at::TIMESTAMPTZ AS updated_at  --? card_recommendations.updated_at
       , NULL::TIMESTAMPTZ AS updated_at  --? !card_recommendations.updated_at
FROM public.card_recommendations AS r;
