import type { FoundColumn } from '../../model/contract.ts';
import type { AppliedFile, LiveObject, MigrationTarget } from '../migrate/migrate.ts';
import type { InstalledShape } from '../migrate/shape.ts';
import {
  type ColumnAnswer,
  SHAPE,
  type ShapeAnswer,
  shapeRecordOf,
  toFoundColumns,
  toInstalledShape,
} from '../migrate/shape-rows.ts';
import { readQuery, type SqlFile } from '../migrate/sql-files.ts';
import type { PostgresClient } from './postgres-driver.ts';

/** PostgreSQL as the migrator sees it. */
export class PostgresMigrationTarget implements MigrationTarget {
  readonly dialect = 'postgres';
  readonly #client: PostgresClient;

  readonly #lock: () => Promise<AsyncDisposable>;

  /** `lock` keeps a second migrator out; of the embedded engine the folder's lock does. */
  constructor(client: PostgresClient, lock: () => Promise<AsyncDisposable> = async () => NO_LOCK) {
    this.#client = client;
    this.#lock = lock;
  }

  async appliedFiles(): Promise<Map<string, AppliedFile>> {
    const [table] = await this.#client.query<{ there: boolean }>(
      "SELECT to_regclass('cardgenius.migration') IS NOT NULL AS there",
    );
    if (table?.there !== true) return new Map();
    const rows = await this.#client.query<{ name: string } & AppliedFile>(
      'SELECT name, checksum, breaking FROM cardgenius.migration',
    );
    return new Map(rows.map(({ name, checksum, breaking }) => [name, { checksum, breaking }]));
  }

  async applyFile(file: SqlFile): Promise<void> {
    await this.#client.transaction([
      ...(file.kind === 'object' ? [{ sql: dropObject(file.name.replace('object:', '')) }] : []),
      { sql: file.text },
      {
        sql: `INSERT INTO cardgenius.migration (name, checksum, breaking) VALUES ($1, $2, $3)
              ON CONFLICT (name) DO UPDATE SET checksum = EXCLUDED.checksum, breaking = EXCLUDED.breaking,
                                               applied_at = clock_timestamp(), applied_by = CURRENT_USER`,
        params: [file.name, file.checksum, file.breaking],
      },
    ]);
  }

  /** PostgreSQL keeps a function's text, but of a view only what it has made of it. */
  async liveObjects(): Promise<LiveObject[]> {
    const rows = await this.#client.query<{ name: string; definition: string | null }>(
      `SELECT p.proname AS name, '$$' || p.prosrc || '$$' AS definition
       FROM pg_proc AS p WHERE p.pronamespace = 'cardgenius'::regnamespace
       UNION ALL
       SELECT c.relname, NULL FROM pg_class AS c
       WHERE c.relnamespace = 'cardgenius'::regnamespace AND c.relkind = 'v'`,
    );
    return rows.map(({ name, definition }) => ({ name, definition, textless: definition === null }));
  }

  async contractColumns(): Promise<FoundColumn[]> {
    return toFoundColumns(await this.#client.query<ColumnAnswer>(await readQuery('postgres', 'doctor_columns')));
  }

  async installedShape(): Promise<InstalledShape | undefined> {
    const [table] = await this.#client.query<{ there: boolean }>(
      "SELECT to_regclass('cardgenius.contract_shape') IS NOT NULL AS there",
    );
    if (table?.there !== true) return undefined;
    const [row] = await this.#client.query<ShapeAnswer>(SHAPE);
    return row && toInstalledShape(row);
  }

  async recordShape(shape: InstalledShape): Promise<void> {
    await this.#client.query(shapeRecordOf(shape));
  }

  lockMigrations(): Promise<AsyncDisposable> {
    return this.#lock();
  }
}

const NO_LOCK: AsyncDisposable = { [Symbol.asyncDispose]: async () => {} };

/** CREATE OR REPLACE cannot change a function's answer or a view's columns, and leaves overloads behind: the old goes first. */
function dropObject(name: string): string {
  return `DO $drop$
    DECLARE v_signature TEXT;
    BEGIN
      FOR v_signature IN SELECT p.oid::regprocedure::TEXT FROM pg_proc AS p
                         WHERE p.pronamespace = 'cardgenius'::regnamespace AND p.proname = '${name}' LOOP
        EXECUTE 'DROP FUNCTION ' || v_signature;
      END LOOP;
      DROP VIEW IF EXISTS cardgenius.${name};
    END $drop$`;
}
