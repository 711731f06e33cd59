-- Purpose   A row of card_recommendations as the program reads it: amounts as whole paise, points as whole hundredths, the rate
--           as ten-thousandths of a rupee, all in FLOAT; times in UTC. A column that the table lacks is NULL.
-- Locks     shared, row by row
-- Isolation the reader's own
-- Indexes   the key of card_recommendations, through user_id and rank
-- Avoids    DECIMAL, which the driver gives as a binary fraction. Saying the columns twice: this is the one place.
-- Callers   export_recommendations, list_recommendations, read_recommendations
-- Grants    none: runs with its callers' rights

CREATE OR ALTER VIEW cardgenius.stored_row
AS
SELECT r.user_id, CAST(r.rank AS INT) AS rank, r.card_name,
       CAST(r.total_savings_yearly * 100 AS FLOAT) AS total_savings_yearly,
       CAST(r.joining_fees * 100 AS FLOAT) AS joining_fees,
       CAST(r.total_extra_benefits * 100 AS FLOAT) AS total_extra_benefits,
       CAST(r.net_savings * 100 AS FLOAT) AS net_savings,
       CAST(r.amazon_points * 100 AS FLOAT) AS amazon_points,
       CAST(r.flipkart_points * 100 AS FLOAT) AS flipkart_points,
       CAST(r.myntra_points * 100 AS FLOAT) AS myntra_points,
       CAST(r.ajio_points * 100 AS FLOAT) AS ajio_points,
       CAST(r.grocery_points * 100 AS FLOAT) AS grocery_points,
       CAST(r.other_online_points * 100 AS FLOAT) AS other_online_points,
       r.redemption_method,
       CAST(r.redemption_rate * 10000 AS FLOAT) AS redemption_rate
       , r.card_id  --? card_recommendations.card_id
       , CAST(NULL AS VARCHAR(100)) AS card_id  --? !card_recommendations.card_id
       , r.batch_id  --? card_recommendations.batch_id
       , CAST(NULL AS VARCHAR(50)) AS batch_id  --? !card_recommendations.batch_id
       , CAST(SWITCHOFFSET(CAST(r.processed_at AS DATETIMEOFFSET(3)), '+00:00')  --? card_recommendations.processed_at
              AS DATETIME2(3)) AS processed_at  --? card_recommendations.processed_at
       , CAST(NULL AS DATETIME2(3)) AS processed_at  --? !card_recommendations.processed_at
       , CAST(SWITCHOFFSET(CAST(r.created_at AS DATETIMEOFFSET(3)), '+00:00')  --? card_recommendations.created_at
              AS DATETIME2(3)) AS created_at  --? card_recommendations.created_at
       , CAST(NULL AS DATETIME2(3)) AS created_at  --? !card_recommendations.created_at
       , CAST(SWITCHOFFSET(CAST(r.updated_at AS DATETIMEOFFSET(3)), '+00:00')  --? card_recommendations.updated_at
              AS DATETIME2(3)) AS updated_at  --? card_recommendations.updated_at
       , CAST(NULL AS DATETIME2(3)) AS updated_at  --? !card_recommendations.updated_at
FROM dbo.card_recommendations AS r;
