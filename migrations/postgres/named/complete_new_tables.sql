-- Twin of migrations/mssql/named/complete_new_tables.sql; differs in nothing but the dialect.
-- Locks    none that outlive the statement; the tables are empty.
-- Callers  cardgenius migrate, where neither table existed
-- Grants   ownership of both tables
-- Way back DROP INDEX and DROP CONSTRAINT of each; nothing of the program depends on them.

CREATE INDEX ix_user_spending_data_status ON public.user_spending_data (processing_status, user_id);
CREATE INDEX ix_card_recommendations_card_id ON public.card_recommendations (card_id);
ALTER TABLE public.card_recommendations ADD CONSTRAINT ck_card_recommendations_amounts CHECK (
      total_savings_yearly >= 0 AND joining_fees >= 0 AND total_extra_benefits >= 0 AND amazon_points >= 0
  AND flipkart_points >= 0 AND myntra_points >= 0 AND ajio_points >= 0 AND grocery_points >= 0
  AND other_online_points >= 0 AND redemption_rate >= 0);
