-- Twin of sql/mssql/open_run.sql. Differs in: Purpose, Errors, Locks.
-- Purpose   Joins the active run, or plans a new one: the run, its cards and its chunks in one transaction.
--           The same fingerprint joins (a stopped run goes on; a paused one stays paused until an operator resumes it).
--           Another fingerprint is refused (CG002) while a processor holds a living lease; else that run is closed as
--           cancelled, its chunks as superseded, its users are set back to new, and a new run is planned.
--           Another kind is refused (CG003): a dry run never ends a batch. But a batch closes a dry run without a living
--           lease, whatever its fingerprint: a dry run left behind must not keep a week's users waiting.
--           Only an operator may end a paused run: superseding it is refused (CG009), with its reason and the two ways on.
--           A run without due users is recorded as done at once. Superseding, and a fingerprint that the last batch had not,
--           are acts.
-- Errors    CG002 another engine is at work · CG003 a run of another kind is active · CG009 a paused run is in the way ·
--           CG011 a text of a card is not kept as it is: a database of another encoding than UTF-8 refuses it before, in its own words
-- Locks     an advisory lock for the transaction (one opener at a time); run, chunk, user_spending_data in that order
-- Callers   cardgenius run, demo; record_fire
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.open_run(
  p_kind            TEXT,
  p_engine_name     TEXT,
  p_engine_version  TEXT,
  p_fingerprint     TEXT,
  p_cards           TEXT,                     -- JSON: [{cardNo, id, name, joiningFees (paise), redemptionMethod, redemptionRate (1/10000), definition}]
  p_chunk_size      INTEGER,
  p_user_limit      BIGINT,
  p_max_rounds      INTEGER,
  p_requested_by    TEXT,
  p_deadline_at     TIMESTAMPTZ DEFAULT NULL,
  p_origin          TEXT DEFAULT NULL,        -- as in act; NULL: a processor
  p_person          TEXT DEFAULT NULL,
  p_utc_offset      INTEGER DEFAULT 0,        -- minutes that the schedule's zone is ahead of UTC: the day in batch_id
  p_stamp_unchanged BOOLEAN DEFAULT TRUE,     -- rows that do not change carry this run's batch_id, too
  p_now             TIMESTAMPTZ DEFAULT NULL
)
RETURNS TABLE (outcome TEXT, run_id BIGINT, state TEXT, chunks INTEGER, users BIGINT, superseded_id BIGINT)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_now      TIMESTAMPTZ := cardgenius.clock(p_now);
  v_outcome  TEXT := 'planned';
  v_run      cardgenius.run%ROWTYPE;
  v_leased   BOOLEAN;
  v_chunks   INTEGER;
  v_users    BIGINT;
  v_reason   TEXT;
  v_superseded BIGINT;
  v_last     TEXT;
  v_card     RECORD;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('cardgenius.open_run'));

  SELECT r.* INTO v_run FROM cardgenius.run AS r WHERE r.active_key = 0 FOR NO KEY UPDATE;

  v_leased := EXISTS (SELECT FROM cardgenius.chunk AS c
                      WHERE c.run_id = v_run.run_id AND c.state = 'leased'
                        AND c.lease_until BETWEEN v_now AND v_now + INTERVAL '1 hour');

  IF v_run.state = 'paused' AND (v_run.fingerprint <> p_fingerprint OR v_run.kind <> p_kind) THEN
    RAISE EXCEPTION 'run % is paused, and another engine, catalogue or kind of run does not end it (%). %',
      v_run.run_id, COALESCE(RTRIM(v_run.reason, '.'), 'no reason given'),
      'Go on with it: cardgenius resume. Or end it: cardgenius cancel' USING ERRCODE = 'CG009';
  END IF;

  IF v_run.kind <> p_kind AND (p_kind = 'dry_run' OR v_leased) THEN
    RAISE EXCEPTION 'run % is active and is a %: let it end (cardgenius status), or end it: cardgenius cancel',
      v_run.run_id, v_run.kind USING ERRCODE = 'CG003';
  END IF;

  IF v_run.fingerprint = p_fingerprint AND v_run.kind = p_kind THEN
    IF v_run.state = 'stopped' THEN
      UPDATE cardgenius.run AS r SET state = 'running', reason = NULL WHERE r.run_id = v_run.run_id;
      v_run.state := 'running';
    END IF;
    SELECT COUNT(*), COALESCE(SUM(c.planned_users), 0) INTO v_chunks, v_users
    FROM cardgenius.chunk AS c
    WHERE c.run_id = v_run.run_id AND c.state IN ('open', 'leased');
    RETURN QUERY SELECT 'joined', v_run.run_id, v_run.state::TEXT, v_chunks, v_users, NULL::BIGINT;
    RETURN;
  END IF;

  IF v_run.run_id IS NOT NULL THEN
    IF v_leased THEN
      RAISE EXCEPTION 'run % is being worked on by an engine of another fingerprint: it has %, this one has %',
        v_run.run_id, v_run.fingerprint, p_fingerprint USING ERRCODE = 'CG002';
    END IF;
    v_reason := CASE WHEN v_run.kind <> p_kind THEN 'superseded by a batch: no processor was at work on this dry run'
                     ELSE 'superseded by an engine of another fingerprint: ' || p_fingerprint END;
    PERFORM cardgenius.close_run(v_run.run_id, 'cancelled', 'superseded', v_reason, v_now);
    PERFORM cardgenius.record_act('supersede', v_run.run_id, p_requested_by, NULL, COALESCE(p_origin, 'processor'), p_person,
                                  v_reason, v_now);
    v_outcome := 'superseded';
    v_superseded := v_run.run_id;
  END IF;

  SELECT r.fingerprint INTO v_last FROM cardgenius.run AS r WHERE r.kind = 'batch' ORDER BY r.run_id DESC LIMIT 1;

  INSERT INTO cardgenius.run
    (kind, state, active_key, engine_name, engine_version, fingerprint, chunk_size, user_limit, max_rounds,
     requested_by, deadline_at, started_at, batch_id, stamp_unchanged)
  VALUES
    (p_kind, 'running', 0, p_engine_name, p_engine_version, p_fingerprint, p_chunk_size, p_user_limit,
     CASE WHEN p_user_limit IS NULL AND p_kind = 'batch' THEN p_max_rounds ELSE 1 END, p_requested_by, p_deadline_at, v_now,
     CASE p_kind WHEN 'batch' THEN cardgenius.next_batch_id(p_utc_offset, v_now) END, p_stamp_unchanged)
  RETURNING * INTO v_run;

  IF p_kind = 'batch' AND v_last <> p_fingerprint THEN
    PERFORM cardgenius.record_act('catalogue', v_run.run_id, LEFT(v_last, 12) || ' -> ' || LEFT(p_fingerprint, 12), NULL,
                                  COALESCE(p_origin, 'processor'), p_person, NULL, v_now);
  END IF;

  INSERT INTO cardgenius.run_card
    (run_id, card_no, card_id, card_name, joining_fees, redemption_method, redemption_rate, definition)
  SELECT v_run.run_id, card."cardNo", LEFT(COALESCE(card.id, card.name), 100), card.name, card."joiningFees" / 100.0, card."redemptionMethod",
         card."redemptionRate" / 10000.0, card.definition
  FROM jsonb_to_recordset(p_cards::JSONB) AS card
    ("cardNo" INTEGER, id TEXT, name TEXT, "joiningFees" BIGINT, "redemptionMethod" TEXT, "redemptionRate" INTEGER, definition TEXT);

  SELECT given.id, v.what, v.given, v.kept INTO v_card
  FROM jsonb_to_recordset(p_cards::JSONB) AS given ("cardNo" INTEGER, id TEXT, name TEXT, "redemptionMethod" TEXT)
  JOIN cardgenius.run_card AS rc ON rc.run_id = v_run.run_id AND rc.card_no = given."cardNo"
  CROSS JOIN LATERAL (VALUES
    ('id', LEFT(given.id, 100), rc.card_id::TEXT),
    ('name', given.name, rc.card_name::TEXT),
    ('redemption method', given."redemptionMethod", rc.redemption_method::TEXT)
  ) AS v (what, given, kept)
  WHERE v.given <> v.kept
  ORDER BY given."cardNo", v.what
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'card %: this database would keep its % ''%'' as ''%'', in the rows of all users: its column lacks a letter of it. Spell it in letters that the column has',
      v_card.id, v_card.what, v_card.given, v_card.kept USING ERRCODE = 'CG011';
  END IF;

  v_chunks := cardgenius.plan_round(v_run.run_id, 1, v_now);
  SELECT COALESCE(SUM(c.planned_users), 0) INTO v_users FROM cardgenius.chunk AS c WHERE c.run_id = v_run.run_id;

  IF v_chunks = 0 THEN
    UPDATE cardgenius.run AS r
       SET state = 'done', active_key = r.run_id, finished_at = v_now
     WHERE r.run_id = v_run.run_id;
    v_run.state := 'done';
  END IF;

  RETURN QUERY SELECT v_outcome, v_run.run_id, v_run.state::TEXT, v_chunks, v_users, v_superseded;
END;
$$;
