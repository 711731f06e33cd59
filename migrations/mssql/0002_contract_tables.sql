-- Purpose  CashKaro's two tables, where they do not exist yet: as the PRD has them, with processing_error.
--          A table that exists is left exactly as it is: never altered here, never dropped.
-- Locks    none on existing tables.
-- Callers  cardgenius migrate
-- Grants   CREATE TABLE; ALTER on schema dbo (what db_ddladmin has)
-- Way back none needed where the tables were there; else DROP TABLE by hand, once nobody needs the rows.

IF OBJECT_ID(N'dbo.user_spending_data') IS NULL
CREATE TABLE dbo.user_spending_data (
  user_id            VARCHAR(50)   NOT NULL,
  avg_amazon_gmv     DECIMAL(12,2) NULL,                    -- monthly averages, rupees
  avg_flipkart_gmv   DECIMAL(12,2) NULL,
  avg_myntra_gmv     DECIMAL(12,2) NULL,
  avg_ajio_gmv       DECIMAL(12,2) NULL,
  avg_grocery_gmv    DECIMAL(12,2) NULL,
  avg_confirmed_gmv  DECIMAL(12,2) NULL,                    -- everything confirmed, the five above included
  processing_status  VARCHAR(20)   NOT NULL CONSTRAINT df_user_spending_data_status DEFAULT 'new',
  processing_error   VARCHAR(400)  NULL,
  CONSTRAINT pk_user_spending_data PRIMARY KEY CLUSTERED (user_id),
  CONSTRAINT ck_user_spending_data_status CHECK (processing_status IN ('new', 'pending', 'completed', 'failed'))
);
GO

IF OBJECT_ID(N'dbo.card_recommendations') IS NULL
CREATE TABLE dbo.card_recommendations (
  user_id               VARCHAR(50)   NOT NULL,
  rank                  TINYINT       NOT NULL,
  card_name             VARCHAR(200)  NOT NULL,
  total_savings_yearly  DECIMAL(12,2) NOT NULL,
  joining_fees          DECIMAL(12,2) NOT NULL,
  total_extra_benefits  DECIMAL(12,2) NOT NULL,
  net_savings           DECIMAL(12,2) NOT NULL,
  amazon_points         DECIMAL(12,2) NOT NULL,             -- points a month
  flipkart_points       DECIMAL(12,2) NOT NULL,
  myntra_points         DECIMAL(12,2) NOT NULL,
  ajio_points           DECIMAL(12,2) NOT NULL,
  grocery_points        DECIMAL(12,2) NOT NULL,
  other_online_points   DECIMAL(12,2) NOT NULL,
  redemption_method     VARCHAR(50)   NOT NULL,
  redemption_rate       DECIMAL(5,4)  NOT NULL,             -- rupees for one point
  CONSTRAINT pk_card_recommendations PRIMARY KEY CLUSTERED (user_id, rank),
  CONSTRAINT ck_card_recommendations_rank CHECK (rank BETWEEN 1 AND 10)
);
