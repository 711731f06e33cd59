-- Purpose   The least that each part of CardGenius Batch needs on a PostgreSQL server, as five roles and an owner that cannot log in.
--           Run it with psql after migrate, as a superuser or as the database's owner with CREATEROLE, and again after an update:
--           it may be repeated, and gives nothing twice. It is one transaction.
--           migrate keeps what was granted on a function or view that it makes anew; no login has a right on a new one until then.
-- Twin      of deploy/sql/grants.sql. Differs in: the owner, the membership of the migrator, INSERT on staging.
-- Roles     cardgenius_processor  run, serve, schedule run, pause, resume, cancel, retry, redo; status, runs, schedule, alerts
--           cardgenius_importer   import, seed
--           cardgenius_reader     export, recommend, errors, verify, parity, doctor, dashboard, migrate --plan and --verify; status,
--                                 runs, schedule, alerts
--           cardgenius_janitor    prune, forget, verify
--           cardgenius_migrator   migrate (after the first time), prune, forget: it is a member of the owner. The login that migrated the first
--                                 time becomes a member of it here
--           cardgenius_owner      has no login: it owns schema cardgenius, and has the rights on CashKaro's tables
-- Why so    Functions are SECURITY DEFINER with a fixed search_path: they run as the owner, and a role that may execute one needs no
--           right on the tables that it works with. search_path has public second, for CashKaro's triggers and types: so none but
--           trusted logins may create there (the default since PostgreSQL 15), which is checked first. Bulk loads go to staging
--           directly: INSERT. REFERENCES on both contract tables shows which columns they have, and no row of them.
-- Not here  The first migrate, which makes both schema and tables: the owner of the database, once. --add-contract-columns: the
--           owner of CashKaro's tables.
-- Way back  REASSIGN OWNED BY cardgenius_owner TO …; DROP OWNED BY each of the six; DROP ROLE each of them.
-- Then      a login in each role. For the processor:
--           CREATE ROLE cardgenius_app LOGIN PASSWORD '…' IN ROLE cardgenius_processor;

BEGIN;

DO $$
DECLARE
  v_role TEXT;
BEGIN
  IF EXISTS (SELECT FROM pg_namespace AS n, aclexplode(COALESCE(n.nspacl, acldefault('n', n.nspowner))) AS a
             WHERE n.nspname = 'public' AND a.grantee = 0 AND a.privilege_type = 'CREATE') THEN
    RAISE EXCEPTION 'any login may create in schema public, and what it creates would run with the rights of cardgenius_owner'
      USING HINT = 'REVOKE CREATE ON SCHEMA public FROM PUBLIC, and run this file again.';
  END IF;
  FOREACH v_role IN ARRAY ARRAY['owner', 'processor', 'importer', 'reader', 'janitor', 'migrator'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cardgenius_' || v_role) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', 'cardgenius_' || v_role);
    END IF;
  END LOOP;
  -- A role that gives ownership away must be a member of the role that gets it; a superuser need not.
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = CURRENT_USER) THEN
    EXECUTE format('GRANT cardgenius_owner TO %I', CURRENT_USER);
  END IF;
  -- The login that migrated loses its schema to cardgenius_owner below: as a migrator it keeps what it could do there.
  SELECT r.rolname INTO v_role
  FROM pg_namespace AS n
  JOIN pg_roles AS r ON r.oid = n.nspowner
  WHERE n.nspname = 'cardgenius' AND NOT r.rolsuper AND r.rolcanlogin;
  IF v_role IS NOT NULL THEN
    EXECUTE format('GRANT cardgenius_migrator TO %I', v_role);
  END IF;
END $$;

-- ---- cardgenius_owner: everything in schema cardgenius, and what the functions do to CashKaro's tables ----
DO $$
DECLARE
  v_statement TEXT;
BEGIN
  EXECUTE format('GRANT CREATE, TEMPORARY ON DATABASE %I TO cardgenius_owner', current_database()); -- CREATE: to be given a schema
  ALTER SCHEMA cardgenius OWNER TO cardgenius_owner;
  FOR v_statement IN
    SELECT format('ALTER %s %s OWNER TO cardgenius_owner',
                  CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass)
    FROM pg_class AS c
    WHERE c.relnamespace = 'cardgenius'::regnamespace AND c.relkind IN ('r', 'v', 'S')
      AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND c.relkind = 'S' AND d.deptype IN ('a', 'i'))
    UNION ALL
    SELECT format('ALTER FUNCTION %s OWNER TO cardgenius_owner', p.oid::regprocedure)
    FROM pg_proc AS p WHERE p.pronamespace = 'cardgenius'::regnamespace
  LOOP
    EXECUTE v_statement;
  END LOOP;
  EXECUTE format('REVOKE CREATE ON DATABASE %I FROM cardgenius_owner', current_database());
END $$;
GRANT USAGE ON SCHEMA public TO cardgenius_owner;
GRANT SELECT, INSERT, UPDATE ON TABLE public.user_spending_data TO cardgenius_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE public.card_recommendations TO cardgenius_owner;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA cardgenius FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE cardgenius_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- ---- cardgenius_processor: no right on a row of either contract table; it sees which columns they have ----
GRANT USAGE ON SCHEMA cardgenius TO cardgenius_processor;
GRANT SELECT ON TABLE cardgenius.migration TO cardgenius_processor;
GRANT SELECT ON TABLE cardgenius.contract_shape TO cardgenius_processor;
GRANT REFERENCES ON TABLE public.user_spending_data TO cardgenius_processor;
GRANT REFERENCES ON TABLE public.card_recommendations TO cardgenius_processor;
GRANT INSERT ON TABLE cardgenius.staged_recommendation TO cardgenius_processor;
GRANT INSERT ON TABLE cardgenius.staged_outcome TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.advance_run TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.begin_load TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.change_run_state TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.record_act TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.list_acts TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.keep_catalog TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.read_catalog TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.has_failed TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.check_chunk TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.claim_chunk TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.commonest_failure TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.compare_first_cards TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.compare_plans TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.count_users TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.fail_chunk TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.retry_users TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.redo_users TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.see_processor TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.see_schedule TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.list_processors TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.resign TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.record_fire TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.raise_alert TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.list_fires TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.list_alerts TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.lead TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.close_alert TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.record_told TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.take_over_alerts TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.list_attempts TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.list_chunks TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.list_runs TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.open_run TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.publish_chunk TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.read_chunk TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.read_run TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.release_chunk TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.renew_lease TO cardgenius_processor;
GRANT SELECT ON TABLE cardgenius.run_progress TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.sum_outcomes TO cardgenius_processor;
GRANT EXECUTE ON FUNCTION cardgenius.sweep_staging TO cardgenius_processor;

-- ---- cardgenius_importer ----
GRANT USAGE ON SCHEMA cardgenius TO cardgenius_importer;
GRANT SELECT ON TABLE cardgenius.migration TO cardgenius_importer;
GRANT SELECT ON TABLE cardgenius.contract_shape TO cardgenius_importer;
GRANT REFERENCES ON TABLE public.user_spending_data TO cardgenius_importer;
GRANT REFERENCES ON TABLE public.card_recommendations TO cardgenius_importer;
GRANT INSERT ON TABLE cardgenius.staged_spending TO cardgenius_importer;
GRANT EXECUTE ON FUNCTION cardgenius.begin_import TO cardgenius_importer;
GRANT EXECUTE ON FUNCTION cardgenius.end_import TO cardgenius_importer;
GRANT EXECUTE ON FUNCTION cardgenius.publish_import TO cardgenius_importer;
GRANT EXECUTE ON FUNCTION cardgenius.reject_duplicates TO cardgenius_importer;

-- ---- cardgenius_reader ----
GRANT USAGE ON SCHEMA cardgenius TO cardgenius_reader;
GRANT SELECT ON TABLE cardgenius.migration TO cardgenius_reader;
GRANT SELECT ON TABLE cardgenius.contract_shape TO cardgenius_reader;
GRANT REFERENCES ON TABLE public.user_spending_data TO cardgenius_reader;
GRANT REFERENCES ON TABLE public.card_recommendations TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.count_users TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.doctor_duplicates TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.export_recommendations TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.verify_database TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.list_failures TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.find_chunk_user TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.list_fires TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.list_alerts TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.list_processors TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.list_attempts TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.list_chunks TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.list_runs TO cardgenius_reader;
GRANT SELECT ON TABLE cardgenius.failed_user TO cardgenius_reader;
GRANT SELECT ON TABLE cardgenius.recommendation_rupees TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.read_recommendations TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.read_run TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.read_spending TO cardgenius_reader;
GRANT SELECT ON TABLE cardgenius.run_progress TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.list_acts TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.read_catalog TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.list_recommendations TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.list_spending TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.report_cards TO cardgenius_reader;
GRANT EXECUTE ON FUNCTION cardgenius.report_users TO cardgenius_reader;

-- ---- cardgenius_janitor: deletes history of ours, and recommendations of users who are gone ----
GRANT USAGE ON SCHEMA cardgenius TO cardgenius_janitor;
GRANT SELECT ON TABLE cardgenius.migration TO cardgenius_janitor;
GRANT SELECT ON TABLE cardgenius.contract_shape TO cardgenius_janitor;
GRANT EXECUTE ON FUNCTION cardgenius.prune_count_orphans TO cardgenius_janitor;
GRANT EXECUTE ON FUNCTION cardgenius.record_act TO cardgenius_janitor;
GRANT EXECUTE ON FUNCTION cardgenius.forget_user TO cardgenius_janitor;
GRANT EXECUTE ON FUNCTION cardgenius.prune_history TO cardgenius_janitor;
GRANT EXECUTE ON FUNCTION cardgenius.prune_orphans TO cardgenius_janitor;
GRANT EXECUTE ON FUNCTION cardgenius.verify_database TO cardgenius_janitor;

-- ---- cardgenius_migrator: as trusted as the owner. migrate acts as the owner of the schema: what it makes is the owner's. ----
GRANT USAGE ON SCHEMA cardgenius TO cardgenius_migrator;
GRANT cardgenius_owner TO cardgenius_migrator;

COMMIT;
