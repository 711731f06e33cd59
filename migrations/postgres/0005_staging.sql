-- Purpose  Where bulk loads land: results under a load number, and imported spends under an import's number.
--          No constraint but the key, no trigger, no identity: a bulk load then needs INSERT and SELECT only.
--          Unlogged: after a crash of the database a load is gone, its counts do not add up, and it is made again.
-- Locks    none that outlive the statement.
-- Callers  cardgenius migrate
-- Grants   CREATE on schema cardgenius, SELECT on user_spending_data (for the type and collation of user_id)
-- Way back DROP TABLE cardgenius.staged_spending, cardgenius.import, cardgenius.staged_outcome, cardgenius.staged_recommendation;
--          DROP SEQUENCE cardgenius.load_no;

CREATE SEQUENCE cardgenius.load_no AS BIGINT;               -- gaps do no harm

-- Ten rows for each served user. Money in whole paise, points in whole hundredths.
CREATE UNLOGGED TABLE cardgenius.staged_recommendation (
  load_no               BIGINT   NOT NULL,
  user_no               INTEGER  NOT NULL,
  rank                  SMALLINT NOT NULL,
  card_no               INTEGER  NOT NULL,
  total_savings_yearly  BIGINT   NOT NULL,
  total_extra_benefits  BIGINT   NOT NULL,
  amazon_points         BIGINT   NOT NULL,
  flipkart_points       BIGINT   NOT NULL,
  myntra_points         BIGINT   NOT NULL,
  ajio_points           BIGINT   NOT NULL,
  grocery_points        BIGINT   NOT NULL,
  other_online_points   BIGINT   NOT NULL,
  CONSTRAINT pk_staged_recommendation PRIMARY KEY (load_no, user_no, rank)
);

-- One row for each user of the chunk: served (no code), or failed and why.
CREATE UNLOGGED TABLE cardgenius.staged_outcome (
  load_no        BIGINT       NOT NULL,
  user_no        INTEGER      NOT NULL,
  error_code     VARCHAR(50)  NULL,
  error_message  VARCHAR(400) NULL,
  CONSTRAINT pk_staged_outcome PRIMARY KEY (load_no, user_no)
);

-- One row an import of spends: history, and the number that its staged rows carry.
CREATE TABLE cardgenius.import (
  load_no      BIGINT       NOT NULL,
  source       VARCHAR(400) NOT NULL,                       -- a file's name, or the seed
  started_at   TIMESTAMPTZ  NOT NULL,
  finished_at  TIMESTAMPTZ  NULL,
  imported     BIGINT       NULL,
  unchanged    BIGINT       NULL,
  duplicates   BIGINT       NULL,
  CONSTRAINT pk_import PRIMARY KEY (load_no)
);

CREATE UNLOGGED TABLE cardgenius.staged_spending AS
SELECT user_id FROM public.user_spending_data WITH NO DATA; -- type and collation of CashKaro's key

ALTER TABLE cardgenius.staged_spending
  ADD COLUMN load_no    BIGINT  NOT NULL,
  ADD COLUMN line_no    INTEGER NOT NULL,                   -- of the file, so that a reject can be found
  ADD COLUMN amazon     BIGINT  NULL,                       -- whole paise
  ADD COLUMN flipkart   BIGINT  NULL,
  ADD COLUMN myntra     BIGINT  NULL,
  ADD COLUMN ajio       BIGINT  NULL,
  ADD COLUMN grocery    BIGINT  NULL,
  ADD COLUMN confirmed  BIGINT  NULL,
  ALTER COLUMN user_id SET NOT NULL,
  ADD CONSTRAINT pk_staged_spending PRIMARY KEY (load_no, line_no);
