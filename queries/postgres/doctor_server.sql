-- Purpose   What a PostgreSQL server is set to, and what piles up in this database, as far as a run minds. No twin: SQL Server's
--           questions are doctor_settings and doctor_log; the embedded engine is not asked, its program sets and cleans it.
-- Answers   one row
-- Locks     none
-- Callers   cardgenius doctor
-- Grants    none: each of these views is readable to all

SELECT current_setting('server_version_num')::INTEGER AS version_num,
       current_setting('autovacuum') AS autovacuum,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('fsync') AS fsync,
       (SELECT s.setting::FLOAT8 FROM pg_settings AS s WHERE s.name = 'max_wal_size') AS max_wal_mb,
       (SELECT s.setting::FLOAT8 FROM pg_settings AS s WHERE s.name = 'work_mem') AS work_mem_kb,
       current_setting('max_connections')::INTEGER AS max_connections,
       (SELECT COUNT(*)::INTEGER FROM pg_stat_activity AS a WHERE a.backend_type = 'client backend') AS connections,
       pg_is_in_recovery() AS in_recovery,
       has_schema_privilege('public', 'public', 'CREATE') AS public_creates,
       COALESCE((SELECT MAX(t.n_dead_tup)::FLOAT8 FROM pg_stat_user_tables AS t
                 WHERE (t.schemaname = 'public' AND t.relname IN ('user_spending_data', 'card_recommendations'))), 0) AS dead_rows,
       COALESCE((SELECT MAX(t.n_live_tup)::FLOAT8 FROM pg_stat_user_tables AS t
                 WHERE t.schemaname = 'public' AND t.relname = 'card_recommendations'), 0) AS live_rows,
       COALESCE((SELECT SUM(pg_total_relation_size(c.oid))::FLOAT8 / 1048576 FROM pg_class AS c
                 JOIN pg_namespace AS n ON n.oid = c.relnamespace
                 WHERE n.nspname = 'cardgenius' AND c.relname LIKE 'staged%' AND c.relkind = 'r'), 0) AS staging_mb,
       COALESCE((SELECT EXTRACT(EPOCH FROM clock_timestamp() - MIN(a.xact_start))::FLOAT8 FROM pg_stat_activity AS a
                 WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()), 0) AS oldest_transaction_s,
       COALESCE((SELECT string_agg(s.slot_name::TEXT, ', ') FROM pg_replication_slots AS s WHERE NOT s.active), '') AS idle_slots,
       COALESCE((SELECT MAX(pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn))::FLOAT8 / 1048576
                 FROM pg_replication_slots AS s WHERE NOT pg_is_in_recovery()), 0) AS retained_wal_mb;
