-- Twin of migrations/mssql/named/add_contract_columns.sql; differs in: lock_timeout, which ends with the transaction.
-- Locks    ACCESS EXCLUSIVE on both tables, for the moment of a change of metadata
-- Callers  cardgenius migrate
-- Grants   ownership of both tables
-- Way back ALTER TABLE … DROP COLUMN of each, as there; migrate again.

SET LOCAL lock_timeout = '3s';
ALTER TABLE public.user_spending_data
  ADD COLUMN IF NOT EXISTS last_processed_at TIMESTAMPTZ NULL,
  ADD COLUMN IF NOT EXISTS created_at        TIMESTAMPTZ NULL,
  ADD COLUMN IF NOT EXISTS updated_at        TIMESTAMPTZ NULL;
ALTER TABLE public.card_recommendations
  ADD COLUMN IF NOT EXISTS card_id           VARCHAR(100) NULL,
  ADD COLUMN IF NOT EXISTS processed_at      TIMESTAMPTZ NULL,
  ADD COLUMN IF NOT EXISTS batch_id          VARCHAR(50) NULL,
  ADD COLUMN IF NOT EXISTS created_at        TIMESTAMPTZ NULL,
  ADD COLUMN IF NOT EXISTS updated_at        TIMESTAMPTZ NULL;
