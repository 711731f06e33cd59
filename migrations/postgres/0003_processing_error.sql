-- Purpose  Adds processing_error to a user_spending_data that was there before us and lacks it. The PRD's text
--          asks for the column, its table does not list it. Adding a nullable column rewrites nothing.
-- Locks    ACCESS EXCLUSIVE on user_spending_data for the moment of the change.
-- Callers  cardgenius migrate
-- Grants   ownership of user_spending_data (the one change that we ever make to a table of CashKaro's)
-- Way back ALTER TABLE public.user_spending_data DROP COLUMN processing_error;

ALTER TABLE public.user_spending_data ADD COLUMN IF NOT EXISTS processing_error VARCHAR(400) NULL;
