-- Purpose  A run, the cards it knows, its chunks, their users and the history of their attempts.
--          Texts that a person writes are NVARCHAR; codes, ids and the processor's own messages are ASCII.
--          What holds a column of CashKaro's copies its type and collation from there (SELECT INTO without a row, then a
--          column a statement, which every T-SQL engine takes): no comparison with it converts, and an index serves it.
-- Locks    none that outlive the statement; Sch-S on the contract tables.
-- Callers  cardgenius migrate
-- Grants   CREATE TABLE; ALTER on schema cardgenius; SELECT on both contract tables, for the types of their columns
-- Way back DROP TABLE cardgenius.chunk_attempt, cardgenius.chunk_user, cardgenius.chunk, cardgenius.run_card, cardgenius.run;

-- One row a run. At most one is active in a database: active_key is 0 for it, and its own number for all others.
CREATE TABLE cardgenius.run (
  run_id          BIGINT        NOT NULL IDENTITY(1, 1),
  kind            VARCHAR(10)   NOT NULL,
  state           VARCHAR(10)   NOT NULL,
  reason          NVARCHAR(400) NULL,                       -- why it is paused, stopped, cancelled or failed
  active_key      BIGINT        NOT NULL,
  engine_name     VARCHAR(100)  NOT NULL,
  engine_version  VARCHAR(100)  NOT NULL,
  fingerprint     CHAR(64)      NOT NULL,                   -- SHA-256 of all that decides an answer
  chunk_size      INT           NOT NULL,
  user_limit      BIGINT        NULL,                       -- at most so many users; NULL: all
  round           INT           NOT NULL CONSTRAINT df_run_round DEFAULT 1,
  max_rounds      INT           NOT NULL CONSTRAINT df_run_max_rounds DEFAULT 3,
  requested_by    NVARCHAR(200) NOT NULL,                   -- a processor, or the schedule that fired
  gate_accepted   BIT           NOT NULL CONSTRAINT df_run_gate_accepted DEFAULT 0,  -- an operator let it publish past the gates
  deadline_at     DATETIME2(3)  NULL,
  started_at      DATETIME2(3)  NOT NULL,
  finished_at     DATETIME2(3)  NULL,
  CONSTRAINT pk_run PRIMARY KEY CLUSTERED (run_id),
  CONSTRAINT uq_run_active UNIQUE (active_key),
  CONSTRAINT ck_run_kind CHECK (kind IN ('batch', 'dry_run')),
  CONSTRAINT ck_run_state CHECK (
       (state IN ('running', 'paused', 'stopped') AND active_key = 0 AND finished_at IS NULL)
    OR (state IN ('cancelled', 'done', 'failed') AND active_key = run_id AND finished_at IS NOT NULL)),
  CONSTRAINT ck_run_reason CHECK (state IN ('running', 'done') OR reason IS NOT NULL)
);
GO

-- What the rows of card_recommendations repeat for every user; kept, so that last month's figures can be explained.
SELECT r.card_name, r.joining_fees, r.redemption_method, r.redemption_rate
INTO cardgenius.run_card
FROM dbo.card_recommendations AS r
WHERE 1 = 0;
GO

ALTER TABLE cardgenius.run_card ADD run_id      BIGINT        NOT NULL;
ALTER TABLE cardgenius.run_card ADD card_no     INT           NOT NULL;
ALTER TABLE cardgenius.run_card ADD definition  NVARCHAR(MAX) NULL;                   -- the engine's own description, JSON
GO

ALTER TABLE cardgenius.run_card ADD CONSTRAINT pk_run_card PRIMARY KEY CLUSTERED (run_id, card_no);
ALTER TABLE cardgenius.run_card ADD CONSTRAINT fk_run_card_run
  FOREIGN KEY (run_id) REFERENCES cardgenius.run (run_id) ON DELETE CASCADE;
GO

-- A key range of users, cut once when its round is planned. Its row is the lock and the lease of the chunk.
SELECT u.user_id AS user_id_from, u.user_id AS user_id_to
INTO cardgenius.chunk
FROM dbo.user_spending_data AS u
WHERE 1 = 0;
GO

ALTER TABLE cardgenius.chunk ADD run_id          BIGINT           NOT NULL;
ALTER TABLE cardgenius.chunk ADD chunk_no        INT              NOT NULL;
ALTER TABLE cardgenius.chunk ADD round           INT              NOT NULL;
ALTER TABLE cardgenius.chunk ADD state           VARCHAR(10)      NOT NULL;
ALTER TABLE cardgenius.chunk ADD planned_users   INT              NOT NULL;           -- the range held so many; a claim takes no more
ALTER TABLE cardgenius.chunk ADD parent_no       INT              NULL;               -- the chunk that it is a half of
ALTER TABLE cardgenius.chunk ADD claims          INT              NOT NULL CONSTRAINT df_chunk_claims DEFAULT 0;
ALTER TABLE cardgenius.chunk ADD failures        INT              NOT NULL CONSTRAINT df_chunk_failures DEFAULT 0;        -- attempts that ended in an error
ALTER TABLE cardgenius.chunk ADD expired_leases  INT              NOT NULL CONSTRAINT df_chunk_expired_leases DEFAULT 0;  -- in a row, without any other end between
ALTER TABLE cardgenius.chunk ADD not_before      DATETIME2(3)     NOT NULL;
ALTER TABLE cardgenius.chunk ADD lease_token     UNIQUEIDENTIFIER NULL;               -- the fence: every write of a worker carries it
ALTER TABLE cardgenius.chunk ADD lease_owner     VARCHAR(100)     NULL;
ALTER TABLE cardgenius.chunk ADD lease_until     DATETIME2(3)     NULL;
ALTER TABLE cardgenius.chunk ADD load_no         BIGINT           NULL;               -- the only staged load that publish will read
ALTER TABLE cardgenius.chunk ADD users           INT              NULL;               -- in its set; NULL until the first claim
ALTER TABLE cardgenius.chunk ADD completed       INT              NOT NULL CONSTRAINT df_chunk_completed DEFAULT 0;
ALTER TABLE cardgenius.chunk ADD failed          INT              NOT NULL CONSTRAINT df_chunk_failed DEFAULT 0;
ALTER TABLE cardgenius.chunk ADD changed         INT              NOT NULL CONSTRAINT df_chunk_changed DEFAULT 0;         -- spends or status changed meanwhile: theirs stands
ALTER TABLE cardgenius.chunk ADD gone            INT              NOT NULL CONSTRAINT df_chunk_gone DEFAULT 0;            -- deleted meanwhile
ALTER TABLE cardgenius.chunk ADD refused         INT              NOT NULL CONSTRAINT df_chunk_refused DEFAULT 0;         -- of the failed: refused by the database itself
ALTER TABLE cardgenius.chunk ADD rows_written    INT              NOT NULL CONSTRAINT df_chunk_rows_written DEFAULT 0;
ALTER TABLE cardgenius.chunk ADD rows_unchanged  INT              NOT NULL CONSTRAINT df_chunk_rows_unchanged DEFAULT 0;
ALTER TABLE cardgenius.chunk ADD error_code      VARCHAR(50)      NULL;               -- of the last failure
ALTER TABLE cardgenius.chunk ADD error_message   VARCHAR(400)     NULL;
ALTER TABLE cardgenius.chunk ADD closed_at       DATETIME2(3)     NULL;
GO

ALTER TABLE cardgenius.chunk ADD CONSTRAINT pk_chunk PRIMARY KEY CLUSTERED (run_id, chunk_no);
ALTER TABLE cardgenius.chunk ADD CONSTRAINT fk_chunk_run
  FOREIGN KEY (run_id) REFERENCES cardgenius.run (run_id) ON DELETE CASCADE;
ALTER TABLE cardgenius.chunk ADD CONSTRAINT ck_chunk_state CHECK (
     (state = 'open'   AND closed_at IS NULL)
  OR (state = 'leased' AND closed_at IS NULL AND lease_token IS NOT NULL AND lease_owner IS NOT NULL
                       AND lease_until IS NOT NULL AND users IS NOT NULL)
  OR (state IN ('done', 'failed', 'split', 'superseded', 'cancelled') AND closed_at IS NOT NULL));
ALTER TABLE cardgenius.chunk ADD CONSTRAINT ck_chunk_done CHECK (
  state <> 'done' OR users = completed + failed + changed + gone);
GO

-- What a claim decides by stands in the index, so that a row which does not qualify is never locked in the table.
CREATE INDEX ix_chunk_claim ON cardgenius.chunk (run_id, state, chunk_no) INCLUDE (not_before, lease_until);
CREATE INDEX ix_chunk_token ON cardgenius.chunk (run_id, lease_token);     -- the same question again touches our own row only
GO

-- The users of a claimed chunk, with the spends as they were read. Emptied when the chunk is closed.
SELECT u.user_id, u.avg_amazon_gmv, u.avg_flipkart_gmv, u.avg_myntra_gmv, u.avg_ajio_gmv, u.avg_grocery_gmv,
       u.avg_confirmed_gmv
INTO cardgenius.chunk_user
FROM dbo.user_spending_data AS u
WHERE 1 = 0;
GO

ALTER TABLE cardgenius.chunk_user ADD run_id    BIGINT NOT NULL;
ALTER TABLE cardgenius.chunk_user ADD chunk_no  INT    NOT NULL;
ALTER TABLE cardgenius.chunk_user ADD user_no   INT    NOT NULL;                      -- 1, 2, 3 in the order of the key
GO

ALTER TABLE cardgenius.chunk_user ADD CONSTRAINT pk_chunk_user PRIMARY KEY CLUSTERED (run_id, chunk_no, user_no);
-- A claim writes and a publish clears thousands of rows here, each its own chunk's: a lock on the whole table would make
-- the processors wait for each other. The locks kept instead cost about 100 bytes each: 1 MB for a chunk of 10,000.
ALTER TABLE cardgenius.chunk_user SET (LOCK_ESCALATION = DISABLE);
GO

-- One row a claim: what came of it and where the time went. Never overwritten by a later claim.
CREATE TABLE cardgenius.chunk_attempt (
  run_id         BIGINT           NOT NULL,
  chunk_no       INT              NOT NULL,
  attempt        INT              NOT NULL,                 -- the chunk's claims, counted from 1
  lease_token    UNIQUEIDENTIFIER NOT NULL,
  lease_owner    VARCHAR(100)     NOT NULL,
  outcome        VARCHAR(10)      NULL,                     -- NULL: still at it
  started_at     DATETIME2(3)     NOT NULL,
  ended_at       DATETIME2(3)     NULL,
  compute_ms     INT              NULL,
  load_ms        INT              NULL,
  publish_ms     INT              NULL,
  error_code     VARCHAR(50)      NULL,
  error_message  VARCHAR(400)     NULL,
  CONSTRAINT pk_chunk_attempt PRIMARY KEY CLUSTERED (run_id, chunk_no, attempt),
  CONSTRAINT fk_chunk_attempt_chunk FOREIGN KEY (run_id, chunk_no)
    REFERENCES cardgenius.chunk (run_id, chunk_no) ON DELETE CASCADE,
  CONSTRAINT ck_chunk_attempt_outcome CHECK (
       (outcome IS NULL AND ended_at IS NULL)
    OR (outcome IN ('done', 'failed', 'released', 'expired', 'superseded', 'cancelled', 'split') AND ended_at IS NOT NULL))
);
