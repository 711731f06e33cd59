-- Purpose   The least that each part of CardGenius Batch needs, as five roles. Run it after migrate (or after review.sql), by a
--           db_owner, and again after every migrate: it may be repeated, and gives nothing twice.
--           This file stands here and not in sql/mssql because migrate applies everything that stands there: only a DBA
--           decides what each login may do.
-- Roles     cardgenius_processor  run, serve, schedule run, pause, resume, cancel, retry, redo; status, runs, schedule, alerts
--           cardgenius_importer   import, seed
--           cardgenius_reader     export, recommend, errors, verify, parity, doctor, dashboard, migrate --plan and --verify; status,
--                                 runs, schedule, alerts
--           cardgenius_janitor    prune, forget, and what jobs/weekly-care.sql does
--           cardgenius_migrator   migrate (after the first time), prune, forget
-- Why so    Schema cardgenius and the contract tables belong to dbo, so ownership chains: a role that may execute a procedure needs no
--           right on the tables that it works with. An import's bulk load goes to its table directly: INSERT, and SELECT because
--           the server reads the columns first. A chunk's goes to tempdb, in the shape of two tables of ours: SELECT. There is no EXECUTE AS anywhere.
--           A migration makes columns of the type and collation of CashKaro's (SELECT INTO without a row): the migrator has
--           SELECT on both contract tables. That gives it nothing new: it may alter procedures of dbo's that read them.
-- Not here  The first migrate, which makes a schema for dbo, CashKaro's tables where they are missing, and the column
--           processing_error: db_owner, once. Server rights: log space in doctor needs VIEW SERVER STATE, and does without.
-- Way back  DROP ROLE for each of the five, once it has no members; or uninstall.sql.
-- Then      a login in each role. For the processor (all five: docs/dba-guide.md, Logins):
--           CREATE LOGIN cardgenius_app WITH PASSWORD = N'…';
--           CREATE USER cardgenius_app FOR LOGIN cardgenius_app;
--           ALTER ROLE cardgenius_processor ADD MEMBER cardgenius_app;

IF DATABASE_PRINCIPAL_ID(N'cardgenius_processor') IS NULL CREATE ROLE cardgenius_processor;
IF DATABASE_PRINCIPAL_ID(N'cardgenius_importer') IS NULL CREATE ROLE cardgenius_importer;
IF DATABASE_PRINCIPAL_ID(N'cardgenius_reader') IS NULL CREATE ROLE cardgenius_reader;
IF DATABASE_PRINCIPAL_ID(N'cardgenius_janitor') IS NULL CREATE ROLE cardgenius_janitor;
IF DATABASE_PRINCIPAL_ID(N'cardgenius_migrator') IS NULL CREATE ROLE cardgenius_migrator;
GO

-- ---- cardgenius_processor: no right on a row of either contract table; it sees which columns they have ----
GRANT SELECT ON OBJECT::cardgenius.migration TO cardgenius_processor;
GRANT SELECT ON OBJECT::cardgenius.contract_shape TO cardgenius_processor;
GRANT VIEW DEFINITION ON OBJECT::dbo.user_spending_data TO cardgenius_processor;
GRANT VIEW DEFINITION ON OBJECT::dbo.card_recommendations TO cardgenius_processor;
GRANT SELECT ON OBJECT::cardgenius.staged_recommendation TO cardgenius_processor;
GRANT SELECT ON OBJECT::cardgenius.staged_outcome TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.advance_run TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.begin_load TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.change_run_state TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.record_act TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.list_acts TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.keep_catalog TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.read_catalog TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.commonest_failure TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.has_failed TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.check_chunk TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.claim_chunk TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.compare_first_cards TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.compare_plans TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.count_users TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.fail_chunk TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.retry_users TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.redo_users TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.see_processor TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.see_schedule TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.list_processors TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.resign TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.record_fire TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.raise_alert TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.list_fires TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.list_alerts TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.lead TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.close_alert TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.record_told TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.take_over_alerts TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.list_attempts TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.list_chunks TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.list_runs TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.open_run TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.publish_chunk TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.read_chunk TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.read_run TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.release_chunk TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.renew_lease TO cardgenius_processor;
GRANT SELECT ON OBJECT::cardgenius.run_progress TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.sum_outcomes TO cardgenius_processor;
GRANT EXECUTE ON OBJECT::cardgenius.sweep_staging TO cardgenius_processor;
GO

-- ---- cardgenius_importer ----
GRANT SELECT ON OBJECT::cardgenius.migration TO cardgenius_importer;
GRANT SELECT ON OBJECT::cardgenius.contract_shape TO cardgenius_importer;
GRANT VIEW DEFINITION ON OBJECT::dbo.user_spending_data TO cardgenius_importer;
GRANT VIEW DEFINITION ON OBJECT::dbo.card_recommendations TO cardgenius_importer;
GRANT INSERT ON OBJECT::cardgenius.staged_spending TO cardgenius_importer;
GRANT SELECT ON OBJECT::cardgenius.staged_spending TO cardgenius_importer;
GRANT EXECUTE ON OBJECT::cardgenius.begin_import TO cardgenius_importer;
GRANT EXECUTE ON OBJECT::cardgenius.end_import TO cardgenius_importer;
GRANT EXECUTE ON OBJECT::cardgenius.publish_import TO cardgenius_importer;
GRANT EXECUTE ON OBJECT::cardgenius.reject_duplicates TO cardgenius_importer;
GO

-- ---- cardgenius_reader: the definitions are what migrate --verify and doctor look at; they show no row ----
GRANT SELECT ON OBJECT::cardgenius.migration TO cardgenius_reader;
GRANT VIEW DEFINITION ON SCHEMA::cardgenius TO cardgenius_reader;
GRANT VIEW DEFINITION ON OBJECT::dbo.user_spending_data TO cardgenius_reader;
GRANT VIEW DEFINITION ON OBJECT::dbo.card_recommendations TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.count_users TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.doctor_duplicates TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.export_recommendations TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.verify_database TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.list_failures TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.find_chunk_user TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.list_recommendations TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.list_spending TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.report_cards TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.report_users TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.list_fires TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.list_alerts TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.list_processors TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.list_attempts TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.list_chunks TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.list_runs TO cardgenius_reader;
GRANT SELECT ON OBJECT::cardgenius.failed_user TO cardgenius_reader;
GRANT SELECT ON OBJECT::cardgenius.recommendation_rupees TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.read_recommendations TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.read_run TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.read_spending TO cardgenius_reader;
GRANT SELECT ON OBJECT::cardgenius.run_progress TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.list_acts TO cardgenius_reader;
GRANT EXECUTE ON OBJECT::cardgenius.read_catalog TO cardgenius_reader;
GRANT SELECT ON OBJECT::cardgenius.contract_shape TO cardgenius_reader;
GO

-- ---- cardgenius_janitor: deletes history of ours, and recommendations of users who are gone ----
GRANT SELECT ON OBJECT::cardgenius.migration TO cardgenius_janitor;
GRANT EXECUTE ON OBJECT::cardgenius.prune_count_orphans TO cardgenius_janitor;
GRANT EXECUTE ON OBJECT::cardgenius.record_act TO cardgenius_janitor;
GRANT EXECUTE ON OBJECT::cardgenius.forget_user TO cardgenius_janitor;
GRANT EXECUTE ON OBJECT::cardgenius.prune_history TO cardgenius_janitor;
GRANT EXECUTE ON OBJECT::cardgenius.prune_orphans TO cardgenius_janitor;
GRANT EXECUTE ON OBJECT::cardgenius.verify_database TO cardgenius_janitor;
GO

-- ---- cardgenius_migrator: as trusted as dbo. What it makes in the schema belongs to dbo, and ownership chains. ----
GRANT SELECT ON OBJECT::cardgenius.migration TO cardgenius_migrator;
GRANT INSERT ON OBJECT::cardgenius.migration TO cardgenius_migrator;
GRANT DELETE ON OBJECT::cardgenius.migration TO cardgenius_migrator;
GRANT SELECT ON OBJECT::cardgenius.contract_shape TO cardgenius_migrator;
GRANT UPDATE ON OBJECT::cardgenius.contract_shape TO cardgenius_migrator;
GRANT SELECT ON OBJECT::dbo.user_spending_data TO cardgenius_migrator;
GRANT SELECT ON OBJECT::dbo.card_recommendations TO cardgenius_migrator;
GRANT ALTER ON SCHEMA::cardgenius TO cardgenius_migrator;
GRANT REFERENCES ON SCHEMA::cardgenius TO cardgenius_migrator;
GRANT VIEW DEFINITION ON SCHEMA::cardgenius TO cardgenius_migrator;
GRANT CREATE TABLE TO cardgenius_migrator;
GRANT CREATE PROCEDURE TO cardgenius_migrator;
GRANT CREATE FUNCTION TO cardgenius_migrator;
GRANT CREATE VIEW TO cardgenius_migrator;
GRANT EXECUTE ON OBJECT::cardgenius.prune_count_orphans TO cardgenius_migrator;
GRANT EXECUTE ON OBJECT::cardgenius.record_act TO cardgenius_migrator;
GRANT EXECUTE ON OBJECT::cardgenius.forget_user TO cardgenius_migrator;
GRANT EXECUTE ON OBJECT::cardgenius.prune_history TO cardgenius_migrator;
GRANT EXECUTE ON OBJECT::cardgenius.prune_orphans TO cardgenius_migrator;
GO
