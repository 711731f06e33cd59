-- Purpose  Looks whether both tables of CashKaro's have the columns that the procedures work with, and says which one has not
--          (50007), before anything is changed. Then adds processing_error to a user_spending_data that was there before us
--          and lacks it: the PRD's text asks for the column, its table does not list it. A nullable column rewrites nothing.
--          The length of processing_error is written down, because who may only execute procedures cannot see it.
-- Locks    Sch-M on user_spending_data for the moment of the change: it waits for who reads or writes the table.
-- Callers  cardgenius migrate
-- Grants   ALTER on user_spending_data (the one change that we ever make to a table of CashKaro's); CREATE TABLE
-- Way back ALTER TABLE dbo.user_spending_data DROP COLUMN processing_error; DROP TABLE cardgenius.contract_shape;

DECLARE @wanted TABLE (table_name VARCHAR(30) NOT NULL, column_name VARCHAR(30) NOT NULL, kind VARCHAR(10) NOT NULL);
INSERT INTO @wanted (table_name, column_name, kind)
VALUES ('user_spending_data', 'user_id', 'id'),
       ('user_spending_data', 'avg_amazon_gmv', 'decimal'),
       ('user_spending_data', 'avg_flipkart_gmv', 'decimal'),
       ('user_spending_data', 'avg_myntra_gmv', 'decimal'),
       ('user_spending_data', 'avg_ajio_gmv', 'decimal'),
       ('user_spending_data', 'avg_grocery_gmv', 'decimal'),
       ('user_spending_data', 'avg_confirmed_gmv', 'decimal'),
       ('user_spending_data', 'processing_status', 'text'),
       ('card_recommendations', 'user_id', 'id'),
       ('card_recommendations', 'rank', 'integer'),
       ('card_recommendations', 'card_name', 'text'),
       ('card_recommendations', 'total_savings_yearly', 'decimal'),
       ('card_recommendations', 'joining_fees', 'decimal'),
       ('card_recommendations', 'total_extra_benefits', 'decimal'),
       ('card_recommendations', 'net_savings', 'decimal'),
       ('card_recommendations', 'amazon_points', 'decimal'),
       ('card_recommendations', 'flipkart_points', 'decimal'),
       ('card_recommendations', 'myntra_points', 'decimal'),
       ('card_recommendations', 'ajio_points', 'decimal'),
       ('card_recommendations', 'grocery_points', 'decimal'),
       ('card_recommendations', 'other_online_points', 'decimal'),
       ('card_recommendations', 'redemption_method', 'text'),
       ('card_recommendations', 'redemption_rate', 'decimal');

DECLARE @message NVARCHAR(400);
IF OBJECT_ID(N'dbo.user_spending_data', N'U') IS NULL OR OBJECT_ID(N'dbo.card_recommendations', N'U') IS NULL
  THROW 50007, 'dbo.user_spending_data and dbo.card_recommendations must be tables, not views or synonyms', 1;

SELECT TOP (1) @message = CONCAT('dbo.', w.table_name, '.', w.column_name,
         CASE WHEN c.COLUMN_NAME IS NULL THEN ' is missing'
              ELSE CONCAT(' is ', c.DATA_TYPE COLLATE DATABASE_DEFAULT, '(', c.CHARACTER_MAXIMUM_LENGTH, ')') END,
         CASE w.kind WHEN 'id' THEN '; it must be VARCHAR(50)'
                     WHEN 'text' THEN '; it must be VARCHAR'
                     WHEN 'integer' THEN '; it must be TINYINT'
                     ELSE '; it must be DECIMAL(12,2), the redemption rate DECIMAL(5,4)' END,
         ', as in the PRD. Mend the table, and migrate again.')
FROM @wanted AS w
LEFT JOIN INFORMATION_SCHEMA.COLUMNS AS c
  ON c.TABLE_SCHEMA = 'dbo' AND c.TABLE_NAME COLLATE DATABASE_DEFAULT = w.table_name
 AND c.COLUMN_NAME COLLATE DATABASE_DEFAULT = w.column_name
WHERE c.COLUMN_NAME IS NULL
   OR (w.kind = 'id' AND (c.DATA_TYPE NOT IN ('varchar', 'char') OR c.CHARACTER_MAXIMUM_LENGTH NOT BETWEEN 1 AND 50))
   OR (w.kind = 'text' AND c.DATA_TYPE NOT IN ('varchar', 'nvarchar', 'char', 'nchar'))
   OR (w.kind = 'integer' AND c.DATA_TYPE NOT IN ('tinyint', 'smallint', 'int'))
   OR (w.kind = 'decimal' AND c.DATA_TYPE NOT IN ('decimal', 'numeric'))
ORDER BY w.table_name DESC, w.column_name;

IF @message IS NOT NULL
  THROW 50007, @message, 1;
GO

IF COL_LENGTH(N'dbo.user_spending_data', N'processing_error') IS NULL
ALTER TABLE dbo.user_spending_data ADD processing_error VARCHAR(400) NULL;
GO

CREATE TABLE cardgenius.contract_shape (
  slot          TINYINT NOT NULL CONSTRAINT df_contract_shape_slot DEFAULT 1,
  error_length  INT     NOT NULL,                           -- characters that processing_error takes
  CONSTRAINT pk_contract_shape PRIMARY KEY CLUSTERED (slot),
  CONSTRAINT ck_contract_shape_one CHECK (slot = 1)
);
GO

INSERT INTO cardgenius.contract_shape (error_length)
SELECT CASE WHEN c.CHARACTER_MAXIMUM_LENGTH BETWEEN 1 AND 4000 THEN c.CHARACTER_MAXIMUM_LENGTH ELSE 4000 END
FROM INFORMATION_SCHEMA.COLUMNS AS c
WHERE c.TABLE_SCHEMA = 'dbo' AND c.TABLE_NAME = 'user_spending_data' AND c.COLUMN_NAME = 'processing_error';
GO
