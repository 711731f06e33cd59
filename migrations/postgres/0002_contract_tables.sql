-- Purpose  CashKaro's two tables, where they do not exist yet: as the PRD has them, with processing_error.
--          A table that exists is left exactly as it is: never altered, never dropped.
-- Locks    none on existing tables.
-- Callers  cardgenius migrate
-- Grants   CREATE on schema public
-- Way back none needed where the tables were there; else DROP TABLE by hand, once nobody needs the rows.

CREATE TABLE IF NOT EXISTS public.user_spending_data (
  user_id            VARCHAR(50)   NOT NULL,
  avg_amazon_gmv     NUMERIC(12,2) NULL,                    -- monthly averages, rupees
  avg_flipkart_gmv   NUMERIC(12,2) NULL,
  avg_myntra_gmv     NUMERIC(12,2) NULL,
  avg_ajio_gmv       NUMERIC(12,2) NULL,
  avg_grocery_gmv    NUMERIC(12,2) NULL,
  avg_confirmed_gmv  NUMERIC(12,2) NULL,                    -- everything confirmed, the five above included
  processing_status  VARCHAR(20)   NOT NULL DEFAULT 'new',
  processing_error   VARCHAR(400)  NULL,
  CONSTRAINT pk_user_spending_data PRIMARY KEY (user_id),
  CONSTRAINT ck_user_spending_data_status CHECK (processing_status IN ('new', 'pending', 'completed', 'failed'))
);

CREATE TABLE IF NOT EXISTS public.card_recommendations (
  user_id               VARCHAR(50)   NOT NULL,
  rank                  SMALLINT      NOT NULL,
  card_name             VARCHAR(200)  NOT NULL,
  total_savings_yearly  NUMERIC(12,2) NOT NULL,
  joining_fees          NUMERIC(12,2) NOT NULL,
  total_extra_benefits  NUMERIC(12,2) NOT NULL,
  net_savings           NUMERIC(12,2) NOT NULL,
  amazon_points         NUMERIC(12,2) NOT NULL,             -- points a month
  flipkart_points       NUMERIC(12,2) NOT NULL,
  myntra_points         NUMERIC(12,2) NOT NULL,
  ajio_points           NUMERIC(12,2) NOT NULL,
  grocery_points        NUMERIC(12,2) NOT NULL,
  other_online_points   NUMERIC(12,2) NOT NULL,
  redemption_method     VARCHAR(50)   NOT NULL,
  redemption_rate       NUMERIC(5,4)  NOT NULL,             -- rupees for one point
  CONSTRAINT pk_card_recommendations PRIMARY KEY (user_id, rank),
  CONSTRAINT ck_card_recommendations_rank CHECK (rank BETWEEN 1 AND 10)
);
