-- Purpose  What the full technical PRD wants of tables that migrate has just made itself, and that it never does to tables which
--          were there: indexes for who asks by status, time, batch or card, and no amount below zero.
--          net_savings may be negative; spends may be, too, because a user with a bad one fails alone and by name.
-- Locks    none that outlive the statement; the tables are empty.
-- Callers  cardgenius migrate, where neither table existed
-- Grants   ALTER on both tables
-- Way back DROP INDEX and DROP CONSTRAINT of each; nothing of the program depends on them.

CREATE INDEX ix_user_spending_data_status ON dbo.user_spending_data (processing_status, user_id);
CREATE INDEX ix_card_recommendations_card_id ON dbo.card_recommendations (card_id);
ALTER TABLE dbo.card_recommendations ADD CONSTRAINT ck_card_recommendations_amounts CHECK (
      total_savings_yearly >= 0 AND joining_fees >= 0 AND total_extra_benefits >= 0 AND amazon_points >= 0
  AND flipkart_points >= 0 AND myntra_points >= 0 AND ajio_points >= 0 AND grocery_points >= 0
  AND other_online_points >= 0 AND redemption_rate >= 0);
GO
