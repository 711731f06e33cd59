-- Purpose  The bytes of a catalogue, once per SHA-256, and which run computed by it: the way back from a bad one
--          (cardgenius catalog export --run N).
-- Locks    none on what is there: two new tables; the foreign key takes Sch-M on run for an instant.
-- Callers  cardgenius migrate
-- Grants   CREATE TABLE; ALTER on schema cardgenius
-- Way back DROP TABLE cardgenius.run_catalog, cardgenius.kept_catalog.

CREATE TABLE cardgenius.kept_catalog (
  sha256   VARCHAR(64)     NOT NULL,
  kept_at  DATETIME2(3)    NOT NULL,
  bytes    VARBINARY(MAX)  NOT NULL,
  CONSTRAINT pk_kept_catalog PRIMARY KEY CLUSTERED (sha256)
);
GO

CREATE TABLE cardgenius.run_catalog (
  run_id  BIGINT       NOT NULL,
  sha256  VARCHAR(64)  NOT NULL,
  CONSTRAINT pk_run_catalog PRIMARY KEY CLUSTERED (run_id),
  CONSTRAINT fk_run_catalog_run FOREIGN KEY (run_id) REFERENCES cardgenius.run (run_id) ON DELETE CASCADE,
  CONSTRAINT fk_run_catalog_kept FOREIGN KEY (sha256) REFERENCES cardgenius.kept_catalog (sha256)
);
