-- Twin of sql/mssql/record_fire.sql. Differs in: Purpose, Answers, Errors, Locks.
-- Purpose   Decides a slot of a schedule, once in the fleet: the ledger row, the run and its chunks in one transaction.
--             ran, caught_up, manual   opens a run; overlapped instead where one is active that goes on (see below)
--             skipped, not_opened      is only recorded (not_opened: the engine could not be loaded; the note says why)
--             agreed, differed, unchecked  is only recorded: what a comparison with the API says
--             held                     instead of any that would open a run, where a paused run is in the way
--           A recorded slot stays as it is: asking again answers the recorded decision. A leader whose term is over
--           (p_elected_at; NULL: fired by hand) records nothing; nor does one whose slot lies in the future by this server's
--           clock, which was set back since the leader asked.
--           An active run of another fingerprint that no processor works on is superseded, as by open_run; so is, by a batch,
--           such a dry run, whatever its fingerprint. A paused run is not.
-- Answers   one row: outcome recorded | known | not_leader; decision, run_id, superseded_id
-- Errors    those of open_run, where a processor claims or pauses meanwhile
-- Locks     the advisory lock of open_run; those of open_run; the new row of schedule_fire
-- Callers   cardgenius serve, schedule run; the dashboard of serve
-- Grants    EXECUTE for cardgenius_processor

CREATE OR REPLACE FUNCTION cardgenius.record_fire(
  p_schedule          TEXT,
  p_planned_at        TIMESTAMPTZ,
  p_decision          TEXT,
  p_note              TEXT,
  p_decided_by        TEXT,
  p_elected_at        TIMESTAMPTZ,
  p_kind              TEXT,
  p_engine_name       TEXT,
  p_engine_version    TEXT,
  p_fingerprint       TEXT,
  p_cards             TEXT,
  p_chunk_size        INTEGER,
  p_user_limit        BIGINT,
  p_max_rounds        INTEGER,
  p_deadline_minutes  INTEGER,
  p_person            TEXT DEFAULT NULL,      -- who asked, where the decision is manual
  p_origin            TEXT DEFAULT NULL,
  p_utc_offset        INTEGER DEFAULT 0,      -- both for open_run
  p_stamp_unchanged   BOOLEAN DEFAULT TRUE,
  p_now               TIMESTAMPTZ DEFAULT NULL
)
RETURNS TABLE (outcome TEXT, decision TEXT, run_id BIGINT, superseded_id BIGINT)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_now       TIMESTAMPTZ := cardgenius.clock(p_now);
  v_decision  TEXT := p_decision;
  v_opens     BOOLEAN := p_decision IN ('ran', 'caught_up', 'manual');
  v_run_id    BIGINT;
  v_active    cardgenius.run%ROWTYPE;
  v_note      TEXT := p_note;
  v_superseded BIGINT;
  v_from      TEXT := CASE WHEN p_decision = 'manual' THEN COALESCE(p_origin, 'sql') ELSE 'schedule' END;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('cardgenius.open_run'));

  -- The time is read anew: waiting for the lock may have taken long. The row is not held: planning may take longer than a
  -- lease, and no processor could renew one meanwhile.
  IF p_elected_at IS NOT NULL AND (
      p_planned_at > cardgenius.clock(p_now) + INTERVAL '5 minutes'
      OR NOT EXISTS (
        SELECT FROM cardgenius.leader AS l
        WHERE l.slot = 1 AND l.owner = p_decided_by AND l.elected_at = p_elected_at
          AND l.lease_until >= cardgenius.clock(p_now))) THEN
    RETURN QUERY SELECT 'not_leader', p_decision, NULL::BIGINT, NULL::BIGINT;
    RETURN;
  END IF;

  RETURN QUERY
  SELECT 'known', f.decision::TEXT, f.run_id, NULL::BIGINT
  FROM cardgenius.schedule_fire AS f
  WHERE f.schedule = p_schedule AND f.planned_at = p_planned_at;
  IF FOUND THEN
    RETURN;
  END IF;

  SELECT r.* INTO v_active FROM cardgenius.run AS r WHERE r.active_key = 0;

  IF v_opens AND v_active.state = 'paused' THEN
    v_run_id := v_active.run_id;
    v_decision := 'held';
    v_note := 'run ' || v_run_id || ' is paused: ' || COALESCE(v_active.reason, 'no reason given');
  ELSIF v_opens THEN
    SELECT r.run_id INTO v_run_id
    FROM cardgenius.run AS r
    WHERE r.active_key = 0
      AND (((r.fingerprint = p_fingerprint OR r.kind <> p_kind)
            AND NOT (r.kind = 'dry_run' AND p_kind = 'batch'))
           OR EXISTS (SELECT FROM cardgenius.chunk AS c
                      WHERE c.run_id = r.run_id AND c.state = 'leased'
                        AND c.lease_until BETWEEN v_now AND v_now + INTERVAL '1 hour'));
    IF FOUND THEN
      v_decision := 'overlapped';
    ELSE
      SELECT o.run_id, o.superseded_id INTO v_run_id, v_superseded
      FROM cardgenius.open_run(p_kind, p_engine_name, p_engine_version, p_fingerprint, p_cards, p_chunk_size, p_user_limit,
                               p_max_rounds, 'schedule ' || p_schedule,
                               v_now + p_deadline_minutes * INTERVAL '1 minute', v_from, p_person, p_utc_offset,
                               p_stamp_unchanged, v_now) AS o;
    END IF;
  END IF;

  INSERT INTO cardgenius.schedule_fire (schedule, planned_at, decision, decided_at, decided_by, run_id, note)
  VALUES (p_schedule, p_planned_at, v_decision, v_now, p_decided_by, v_run_id, LEFT(v_note, 400));
  IF v_from <> 'schedule' THEN
    PERFORM cardgenius.record_act('run_now', v_run_id, p_schedule, NULL, v_from, p_person, v_decision, v_now);
  END IF;
  RETURN QUERY SELECT 'recorded', v_decision, v_run_id, v_superseded;
END;
$$;
