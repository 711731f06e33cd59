-- Twin of sql/mssql/recommendation_rupees.sql; differs in nothing but the dialect.
-- Callers   DBAs and reports
-- Grants    SELECT for cardgenius_reader

CREATE OR REPLACE VIEW cardgenius.recommendation_rupees
AS
SELECT r.user_id, r.rank, r.card_name,
       CAST(r.amazon_points * r.redemption_rate AS DECIMAL(16,6)) AS amazon_rupees,
       CAST(r.flipkart_points * r.redemption_rate AS DECIMAL(16,6)) AS flipkart_rupees,
       CAST(r.myntra_points * r.redemption_rate AS DECIMAL(16,6)) AS myntra_rupees,
       CAST(r.ajio_points * r.redemption_rate AS DECIMAL(16,6)) AS ajio_rupees,
       CAST(r.grocery_points * r.redemption_rate AS DECIMAL(16,6)) AS grocery_rupees,
       CAST(r.other_online_points * r.redemption_rate AS DECIMAL(16,6)) AS other_online_rupees,
       r.total_savings_yearly, r.total_extra_benefits, r.joining_fees, r.net_savings
FROM public.card_recommendations AS r;
