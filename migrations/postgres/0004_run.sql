-- Purpose  A run, the cards it knows, its chunks, their users and the history of their attempts.
-- Locks    none that outlive the statement.
-- Callers  cardgenius migrate
-- Grants   CREATE on schema cardgenius, SELECT on user_spending_data (for the type and collation of user_id)
-- Way back DROP TABLE cardgenius.chunk_attempt, cardgenius.chunk_user, cardgenius.chunk, cardgenius.run_card, cardgenius.run;

-- One row a run. At most one is active in a database: active_key is 0 for it, and its own number for all others.
CREATE TABLE cardgenius.run (
  run_id          BIGINT       NOT NULL GENERATED ALWAYS AS IDENTITY,
  kind            VARCHAR(10)  NOT NULL,
  state           VARCHAR(10)  NOT NULL,
  reason          VARCHAR(400) NULL,                        -- why it is paused, stopped, cancelled or failed
  active_key      BIGINT       NOT NULL,
  engine_name     VARCHAR(100) NOT NULL,
  engine_version  VARCHAR(100) NOT NULL,
  fingerprint     CHAR(64)     NOT NULL,                    -- SHA-256 of all that decides an answer
  chunk_size      INTEGER      NOT NULL,
  user_limit      BIGINT       NULL,                        -- at most so many users; NULL: all
  round           INTEGER      NOT NULL DEFAULT 1,
  max_rounds      INTEGER      NOT NULL DEFAULT 3,
  requested_by    VARCHAR(200) NOT NULL,                    -- a processor, or the schedule that fired
  gate_accepted   BOOLEAN      NOT NULL DEFAULT FALSE,      -- an operator let it publish past the gates
  deadline_at     TIMESTAMPTZ  NULL,
  started_at      TIMESTAMPTZ  NOT NULL,
  finished_at     TIMESTAMPTZ  NULL,
  CONSTRAINT pk_run PRIMARY KEY (run_id),
  CONSTRAINT uq_run_active UNIQUE (active_key),
  CONSTRAINT ck_run_kind CHECK (kind IN ('batch', 'dry_run')),
  CONSTRAINT ck_run_state CHECK (
       (state IN ('running', 'paused', 'stopped') AND active_key = 0 AND finished_at IS NULL)
    OR (state IN ('cancelled', 'done', 'failed') AND active_key = run_id AND finished_at IS NOT NULL)),
  CONSTRAINT ck_run_reason CHECK (state IN ('running', 'done') OR reason IS NOT NULL)
);

-- What the rows of card_recommendations repeat for every user; kept, so that last month's figures can be explained.
CREATE TABLE cardgenius.run_card (
  run_id             BIGINT        NOT NULL,
  card_no            INTEGER       NOT NULL,
  card_name          VARCHAR(200)  NOT NULL,
  joining_fees       NUMERIC(12,2) NOT NULL,
  redemption_method  VARCHAR(50)   NOT NULL,
  redemption_rate    NUMERIC(5,4)  NOT NULL,
  definition         TEXT          NULL,                    -- the engine's own description, JSON
  CONSTRAINT pk_run_card PRIMARY KEY (run_id, card_no),
  CONSTRAINT fk_run_card_run FOREIGN KEY (run_id) REFERENCES cardgenius.run (run_id) ON DELETE CASCADE
);

-- A key range of users, cut once when its round is planned. Its row is the lock and the lease of the chunk.
CREATE TABLE cardgenius.chunk AS
SELECT user_id AS user_id_from, user_id AS user_id_to       -- type and collation of CashKaro's key
FROM public.user_spending_data WITH NO DATA;

ALTER TABLE cardgenius.chunk
  ADD COLUMN run_id           BIGINT       NOT NULL,
  ADD COLUMN chunk_no         INTEGER      NOT NULL,
  ADD COLUMN round            INTEGER      NOT NULL,
  ADD COLUMN state            VARCHAR(10)  NOT NULL,
  ADD COLUMN planned_users    INTEGER      NOT NULL,        -- the range held so many; a claim takes no more
  ADD COLUMN parent_no        INTEGER      NULL,            -- the chunk that it is a half of
  ADD COLUMN claims           INTEGER      NOT NULL DEFAULT 0,
  ADD COLUMN failures         INTEGER      NOT NULL DEFAULT 0,    -- attempts that ended in an error
  ADD COLUMN expired_leases   INTEGER      NOT NULL DEFAULT 0,    -- in a row, without any other end between
  ADD COLUMN not_before       TIMESTAMPTZ  NOT NULL,
  ADD COLUMN lease_token      UUID         NULL,            -- the fence: every write of a worker carries it
  ADD COLUMN lease_owner      VARCHAR(100) NULL,
  ADD COLUMN lease_until      TIMESTAMPTZ  NULL,
  ADD COLUMN load_no          BIGINT       NULL,            -- the only staged load that publish will read
  ADD COLUMN users            INTEGER      NULL,            -- in its set; NULL until the first claim
  ADD COLUMN completed        INTEGER      NOT NULL DEFAULT 0,
  ADD COLUMN failed           INTEGER      NOT NULL DEFAULT 0,
  ADD COLUMN changed          INTEGER      NOT NULL DEFAULT 0,    -- spends or status changed meanwhile: theirs stands
  ADD COLUMN gone             INTEGER      NOT NULL DEFAULT 0,    -- deleted meanwhile
  ADD COLUMN refused          INTEGER      NOT NULL DEFAULT 0,    -- of the failed: refused by the database itself
  ADD COLUMN rows_written     INTEGER      NOT NULL DEFAULT 0,
  ADD COLUMN rows_unchanged   INTEGER      NOT NULL DEFAULT 0,
  ADD COLUMN error_code       VARCHAR(50)  NULL,            -- of the last failure
  ADD COLUMN error_message    VARCHAR(400) NULL,
  ADD COLUMN closed_at        TIMESTAMPTZ  NULL,
  ADD CONSTRAINT pk_chunk PRIMARY KEY (run_id, chunk_no),
  ADD CONSTRAINT fk_chunk_run FOREIGN KEY (run_id) REFERENCES cardgenius.run (run_id) ON DELETE CASCADE,
  ADD CONSTRAINT ck_chunk_state CHECK (
       (state = 'open'   AND closed_at IS NULL)
    OR (state = 'leased' AND closed_at IS NULL AND lease_token IS NOT NULL AND lease_owner IS NOT NULL
                         AND lease_until IS NOT NULL AND users IS NOT NULL)
    OR (state IN ('done', 'failed', 'split', 'superseded', 'cancelled') AND closed_at IS NOT NULL)),
  ADD CONSTRAINT ck_chunk_done CHECK (state <> 'done' OR users = completed + failed + changed + gone);

CREATE INDEX ix_chunk_claim ON cardgenius.chunk (run_id, state, chunk_no);

-- The users of a claimed chunk, with the spends as they were read. Emptied when the chunk is closed.
CREATE TABLE cardgenius.chunk_user AS
SELECT user_id, avg_amazon_gmv, avg_flipkart_gmv, avg_myntra_gmv, avg_ajio_gmv, avg_grocery_gmv, avg_confirmed_gmv
FROM public.user_spending_data WITH NO DATA;

ALTER TABLE cardgenius.chunk_user
  ADD COLUMN run_id    BIGINT  NOT NULL,
  ADD COLUMN chunk_no  INTEGER NOT NULL,
  ADD COLUMN user_no   INTEGER NOT NULL,                    -- 1, 2, 3 in the order of the key
  ALTER COLUMN user_id SET NOT NULL,
  ADD CONSTRAINT pk_chunk_user PRIMARY KEY (run_id, chunk_no, user_no);

-- One row a claim: what came of it and where the time went. Never overwritten by a later claim.
CREATE TABLE cardgenius.chunk_attempt (
  run_id         BIGINT       NOT NULL,
  chunk_no       INTEGER      NOT NULL,
  attempt        INTEGER      NOT NULL,                     -- the chunk's claims, counted from 1
  lease_token    UUID         NOT NULL,
  lease_owner    VARCHAR(100) NOT NULL,
  outcome        VARCHAR(10)  NULL,                         -- NULL: still at it
  started_at     TIMESTAMPTZ  NOT NULL,
  ended_at       TIMESTAMPTZ  NULL,
  compute_ms     INTEGER      NULL,
  load_ms        INTEGER      NULL,
  publish_ms     INTEGER      NULL,
  error_code     VARCHAR(50)  NULL,
  error_message  VARCHAR(400) NULL,
  CONSTRAINT pk_chunk_attempt PRIMARY KEY (run_id, chunk_no, attempt),
  CONSTRAINT fk_chunk_attempt_chunk FOREIGN KEY (run_id, chunk_no)
    REFERENCES cardgenius.chunk (run_id, chunk_no) ON DELETE CASCADE,
  CONSTRAINT ck_chunk_attempt_outcome CHECK (
       (outcome IS NULL AND ended_at IS NULL)
    OR (outcome IN ('done', 'failed', 'released', 'expired', 'superseded', 'cancelled', 'split') AND ended_at IS NOT NULL))
);
