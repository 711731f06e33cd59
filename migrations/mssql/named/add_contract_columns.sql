-- Purpose  The columns of the full technical PRD that the two tables of CashKaro's lack: nullable, without a default. Applied by
--          "cardgenius migrate --add-contract-columns" alone, and where migrate itself has just made the tables.
--          Existing rows keep NULL there until a run writes them. May break who depends on the list of columns: INSERT without a
--          column list, files for BCP, change data capture (its instance keeps the old columns), replication.
-- Locks    Sch-M on both tables, for the moment of a change of metadata. LOCK_TIMEOUT: where it cannot be had within three
--          seconds the migration gives up (error 1222), so that it never makes others queue behind it.
-- Callers  cardgenius migrate
-- Grants   ALTER on both tables
-- Way back ALTER TABLE dbo.user_spending_data DROP COLUMN last_processed_at, created_at, updated_at;
--          ALTER TABLE dbo.card_recommendations DROP COLUMN card_id, processed_at, batch_id, created_at, updated_at; migrate again.

SET LOCK_TIMEOUT 3000;
IF COL_LENGTH(N'dbo.user_spending_data', N'last_processed_at') IS NULL
  ALTER TABLE dbo.user_spending_data ADD last_processed_at DATETIME2(3) NULL;
IF COL_LENGTH(N'dbo.user_spending_data', N'created_at') IS NULL
  ALTER TABLE dbo.user_spending_data ADD created_at DATETIME2(3) NULL;
IF COL_LENGTH(N'dbo.user_spending_data', N'updated_at') IS NULL
  ALTER TABLE dbo.user_spending_data ADD updated_at DATETIME2(3) NULL;
IF COL_LENGTH(N'dbo.card_recommendations', N'card_id') IS NULL
  ALTER TABLE dbo.card_recommendations ADD card_id VARCHAR(100) NULL;
IF COL_LENGTH(N'dbo.card_recommendations', N'processed_at') IS NULL
  ALTER TABLE dbo.card_recommendations ADD processed_at DATETIME2(3) NULL;
IF COL_LENGTH(N'dbo.card_recommendations', N'batch_id') IS NULL
  ALTER TABLE dbo.card_recommendations ADD batch_id VARCHAR(50) NULL;
IF COL_LENGTH(N'dbo.card_recommendations', N'created_at') IS NULL
  ALTER TABLE dbo.card_recommendations ADD created_at DATETIME2(3) NULL;
IF COL_LENGTH(N'dbo.card_recommendations', N'updated_at') IS NULL
  ALTER TABLE dbo.card_recommendations ADD updated_at DATETIME2(3) NULL;
SET LOCK_TIMEOUT -1;
GO
