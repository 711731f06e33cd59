-- Purpose  Where bulk loads land: results under a load number, and imported spends under an import's number.
--          No constraint but the key, no trigger, no identity: a bulk load then needs INSERT and SELECT only, and no ALTER.
--          The key is also the order in which the rows are sent, so that the server need not sort them.
-- Locks    none that outlive the statement; Sch-S on user_spending_data.
-- Callers  cardgenius migrate
-- Grants   CREATE TABLE, CREATE SEQUENCE; ALTER on schema cardgenius; SELECT on user_spending_data (for the type of user_id)
-- Way back DROP TABLE cardgenius.staged_spending, cardgenius.import, cardgenius.staged_outcome, cardgenius.staged_recommendation;
--          DROP SEQUENCE cardgenius.load_no;

CREATE SEQUENCE cardgenius.load_no AS BIGINT START WITH 1 INCREMENT BY 1;   -- gaps do no harm
GO

-- Ten rows for each served user. Money in whole paise, points in whole hundredths.
CREATE TABLE cardgenius.staged_recommendation (
  load_no               BIGINT  NOT NULL,
  user_no               INT     NOT NULL,
  rank                  TINYINT NOT NULL,
  card_no               INT     NOT NULL,
  total_savings_yearly  BIGINT  NOT NULL,
  total_extra_benefits  BIGINT  NOT NULL,
  amazon_points         BIGINT  NOT NULL,
  flipkart_points       BIGINT  NOT NULL,
  myntra_points         BIGINT  NOT NULL,
  ajio_points           BIGINT  NOT NULL,
  grocery_points        BIGINT  NOT NULL,
  other_online_points   BIGINT  NOT NULL,
  CONSTRAINT pk_staged_recommendation PRIMARY KEY CLUSTERED (load_no, user_no, rank)
);
GO

-- One row for each user of the chunk: served (no code), or failed and why.
CREATE TABLE cardgenius.staged_outcome (
  load_no        BIGINT       NOT NULL,
  user_no        INT          NOT NULL,
  error_code     VARCHAR(50)  NULL,
  error_message  VARCHAR(400) NULL,
  CONSTRAINT pk_staged_outcome PRIMARY KEY CLUSTERED (load_no, user_no)
);
GO

-- One row an import of spends: history, and the number that its staged rows carry.
CREATE TABLE cardgenius.import (
  load_no      BIGINT        NOT NULL,
  source       NVARCHAR(400) NOT NULL,                      -- a file's name, or the seed
  started_at   DATETIME2(3)  NOT NULL,
  finished_at  DATETIME2(3)  NULL,
  imported     BIGINT        NULL,
  unchanged    BIGINT        NULL,
  duplicates   BIGINT        NULL,
  CONSTRAINT pk_import PRIMARY KEY CLUSTERED (load_no)
);
GO

SELECT u.user_id                                            -- type and collation of CashKaro's key
INTO cardgenius.staged_spending
FROM dbo.user_spending_data AS u
WHERE 1 = 0;
GO

ALTER TABLE cardgenius.staged_spending ADD load_no    BIGINT NOT NULL;
ALTER TABLE cardgenius.staged_spending ADD line_no    INT    NOT NULL;                -- of the file, so that a reject can be found
ALTER TABLE cardgenius.staged_spending ADD amazon     BIGINT NULL;                    -- whole paise
ALTER TABLE cardgenius.staged_spending ADD flipkart   BIGINT NULL;
ALTER TABLE cardgenius.staged_spending ADD myntra     BIGINT NULL;
ALTER TABLE cardgenius.staged_spending ADD ajio       BIGINT NULL;
ALTER TABLE cardgenius.staged_spending ADD grocery    BIGINT NULL;
ALTER TABLE cardgenius.staged_spending ADD confirmed  BIGINT NULL;
GO

ALTER TABLE cardgenius.staged_spending ADD CONSTRAINT pk_staged_spending PRIMARY KEY CLUSTERED (load_no, line_no);
GO

-- A bulk load of 100,000 rows would take the whole table at its 5,000th lock, and the processors would load one after the
-- other. The locks kept instead cost about 100 bytes each: 10 MB for such a load, until it ends.
ALTER TABLE cardgenius.staged_recommendation SET (LOCK_ESCALATION = DISABLE);
ALTER TABLE cardgenius.staged_outcome        SET (LOCK_ESCALATION = DISABLE);
ALTER TABLE cardgenius.staged_spending       SET (LOCK_ESCALATION = DISABLE);
