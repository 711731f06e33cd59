import type { FoundColumn } from '../../model/contract.ts';
import {
  type ColumnAnswer,
  SHAPE,
  type ShapeAnswer,
  shapeRecordOf,
  toFoundColumns,
  toInstalledShape,
} from '../migrate/shape-rows.ts';
import { readQuery, type SqlFile } from '../migrate/sql-files.ts';
import type { AppliedFile, InstalledShape, LiveObject, MigrationTarget } from '../migrate/target.ts';
import type { PostgresClient } from './postgres-driver.ts';

/** PostgreSQL as the migrator sees it. */
export class PostgresMigrationTarget implements MigrationTarget {
  readonly dialect = 'postgres';
  /** Also for what only a bench asks: raw COPY, bytes of log. */
  readonly client: PostgresClient;
  readonly #lock: () => Promise<AsyncDisposable>;

  /** `lock` keeps a second migrator out; of the embedded engine the folder's lock does. */
  constructor(client: PostgresClient, lock: () => Promise<AsyncDisposable> = async () => NO_LOCK) {
    this.client = client;
    this.#lock = lock;
  }

  async appliedFiles(): Promise<Map<string, AppliedFile>> {
    const [table] = await this.client.query<{ there: boolean }>(
      "SELECT to_regclass('cardgenius.migration') IS NOT NULL AS there",
    );
    if (table?.there !== true) return new Map();
    const rows = await this.client.query<{ name: string } & AppliedFile>(
      'SELECT name, checksum, breaking FROM cardgenius.migration',
    );
    return new Map(rows.map(({ name, checksum, breaking }) => [name, { checksum, breaking }]));
  }

  async applyFile(file: SqlFile): Promise<void> {
    await this.client.transaction(statementsOf(file).map(sql => ({ sql })));
  }

  /** PostgreSQL keeps a function's text, but of a view only what it has made of it. */
  async liveObjects(): Promise<LiveObject[]> {
    const rows = await this.client.query<{ name: string; definition: string | null }>(
      `SELECT p.proname AS name, '$$' || p.prosrc || '$$' AS definition
       FROM pg_proc AS p WHERE p.pronamespace = 'cardgenius'::regnamespace
       UNION ALL
       SELECT c.relname, NULL FROM pg_class AS c
       WHERE c.relnamespace = 'cardgenius'::regnamespace AND c.relkind = 'v'`,
    );
    return rows.map(({ name, definition }) => ({ name, definition, textless: definition === null }));
  }

  async contractColumns(): Promise<FoundColumn[]> {
    return toFoundColumns(await this.client.query<ColumnAnswer>(await readQuery('postgres', 'doctor_columns')));
  }

  async installedShape(): Promise<InstalledShape | undefined> {
    const [table] = await this.client.query<{ there: boolean }>(
      "SELECT to_regclass('cardgenius.contract_shape') IS NOT NULL AS there",
    );
    if (table?.there !== true) return undefined;
    const [row] = await this.client.query<ShapeAnswer>(SHAPE);
    return row && toInstalledShape(row);
  }

  async recordShape(shape: InstalledShape): Promise<void> {
    await this.client.query(shapeRecordOf(shape));
  }

  lockMigrations(): Promise<AsyncDisposable> {
    return this.#lock();
  }
}

const NO_LOCK: AsyncDisposable = { [Symbol.asyncDispose]: async () => {} };

/** What applies a file and records it, for one transaction. */
export function statementsOf(file: SqlFile): string[] {
  const record = `INSERT INTO cardgenius.migration (name, checksum, breaking, applied_by)
VALUES ('${file.name}', '${file.checksum}', ${file.breaking}, session_user)
ON CONFLICT (name) DO UPDATE SET checksum = EXCLUDED.checksum, breaking = EXCLUDED.breaking,
                                 applied_at = clock_timestamp(), applied_by = EXCLUDED.applied_by;`;
  if (file.kind === 'named') return ['RESET ROLE;', file.text, record]; // CashKaro's tables: the login that owns them alters them
  if (file.kind === 'migration') return [ACT_AS_OWNER, file.text, record];
  const name = file.name.replace('object:', '');
  return [ACT_AS_OWNER, dropObject(name), file.text, grantAgain(name), record];
}

/** What a migrator makes belongs to the schema's owner, where deploy/sql/postgres/grants.sql has given the schema to one. */
const ACT_AS_OWNER = `SELECT set_config('role', pg_get_userbyid(n.nspowner), TRUE)
FROM pg_namespace AS n
WHERE n.nspname = 'cardgenius' AND pg_get_userbyid(n.nspowner) <> CURRENT_USER AND pg_has_role(n.nspowner, 'MEMBER');`;

/**
 * CREATE OR REPLACE cannot change a function's answer or a view's columns, and leaves overloads behind: the old goes first. The list of the
 * roles with rights on it is kept until it is there again: `grantAgain`.
 */
const dropObject = (name: string): string => `DO $drop$
DECLARE
  v_signature TEXT;
BEGIN
  PERFORM set_config('cardgenius.granted', COALESCE((
    SELECT string_agg(DISTINCT format('%s %s', a.privilege_type, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::TEXT END), ', ')
    FROM (SELECT p.proowner AS owner, COALESCE(p.proacl, acldefault('f', p.proowner)) AS acl
          FROM pg_proc AS p WHERE p.pronamespace = 'cardgenius'::regnamespace AND p.proname = '${name}'
          UNION ALL
          SELECT c.relowner, COALESCE(c.relacl, acldefault('r', c.relowner))
          FROM pg_class AS c WHERE c.relnamespace = 'cardgenius'::regnamespace AND c.relname = '${name}' AND c.relkind = 'v') AS o,
         aclexplode(o.acl) AS a
    WHERE a.grantee <> o.owner), ''), TRUE);
  FOR v_signature IN SELECT p.oid::regprocedure::TEXT FROM pg_proc AS p
                     WHERE p.pronamespace = 'cardgenius'::regnamespace AND p.proname = '${name}' LOOP
    EXECUTE 'DROP FUNCTION ' || v_signature;
  END LOOP;
  DROP VIEW IF EXISTS cardgenius.${name};
END $drop$;`;

const grantAgain = (name: string): string => `DO $grant$
DECLARE
  v_object  TEXT := CASE WHEN to_regclass('cardgenius.${name}') IS NULL THEN 'FUNCTION' ELSE 'TABLE' END || ' cardgenius.${name}';
  v_granted TEXT;
BEGIN
  FOREACH v_granted IN ARRAY string_to_array(current_setting('cardgenius.granted'), ', ') LOOP
    EXECUTE format('GRANT %s ON %s TO %s', split_part(v_granted, ' ', 1), v_object, substr(v_granted, strpos(v_granted, ' ') + 1));
  END LOOP;
END $grant$;`;
