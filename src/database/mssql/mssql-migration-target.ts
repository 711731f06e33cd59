import type { FoundColumn } from '../../model/contract.ts';
import { DatabaseError, UsageError } from '../../model/errors.ts';
import {
  type ColumnAnswer,
  SHAPE,
  type ShapeAnswer,
  shapeRecordOf,
  toFoundColumns,
  toInstalledShape,
} from '../migrate/shape-rows.ts';
import { readQuery, type SqlFile } from '../migrate/sql-files.ts';
import {
  type AppliedFile,
  type InstalledShape,
  type LiveObject,
  type MigrationTarget,
  migrationLocked,
} from '../migrate/target.ts';
import type { Pool } from './pools.ts';

/** SQL Server as the migrator sees it. Its pool has one connection: the lock is that session's. */
export class MssqlMigrationTarget implements MigrationTarget {
  readonly dialect = 'mssql';
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async appliedFiles(): Promise<Map<string, AppliedFile>> {
    const [table] = await this.#pool.batch<{ id: number | null; system_database: string | null }>(
      `SELECT OBJECT_ID(N'cardgenius.migration') AS id,
              CASE WHEN DB_NAME() IN (N'master', N'tempdb', N'model', N'msdb') THEN DB_NAME() END AS system_database`,
      'cardgenius.migration',
    );
    refuseSystemDatabase(table?.system_database ?? null);
    if ((table?.id ?? null) === null) return new Map();
    const rows = await this.#pool.batch<{ name: string } & AppliedFile>(
      'SELECT name, checksum, breaking FROM cardgenius.migration',
      'cardgenius.migration',
    );
    return new Map(rows.map(({ name, checksum, breaking }) => [name, { checksum, breaking }]));
  }

  /** One transaction a file: its batches, and the record that they were applied. */
  async applyFile(file: SqlFile): Promise<void> {
    const batches = [...splitBatches(file.text), recordOf(file)];
    await this.#pool.batch('SET XACT_ABORT ON; BEGIN TRANSACTION;', file.path);
    try {
      for (const batch of batches) {
        await this.#requireTransaction(file.path);
        await this.#pool.batch(batch, file.path);
      }
      await this.#requireTransaction(file.path);
      await this.#pool.batch('COMMIT TRANSACTION;', file.path);
    } catch (error) {
      await this.#pool.batch('IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;', file.path).catch(() => {});
      throw error;
    }
  }

  /** The pool replaces a connection that broke, and the new one has no transaction: what follows would stand for itself. */
  async #requireTransaction(path: string): Promise<void> {
    const [answer] = await this.#pool.batch<{ open_transactions: number }>(
      'SELECT @@TRANCOUNT AS open_transactions;',
      path,
    );
    if (answer?.open_transactions === 1) return;
    throw new DatabaseError(
      'MIGRATION_INTERRUPTED',
      `The connection was replaced while ${path} was applied; the server has rolled the file back. Try again: cardgenius migrate`,
      'transient',
    );
  }

  async liveObjects(): Promise<LiveObject[]> {
    const rows = await this.#pool.batch<{ name: string; definition: string | null }>(
      `SELECT o.name, m.definition
       FROM sys.objects AS o
       LEFT JOIN sys.sql_modules AS m ON m.object_id = o.object_id
       WHERE o.schema_id = SCHEMA_ID(N'cardgenius') AND o.type IN ('P', 'V', 'FN', 'IF', 'TF', 'TR')`,
      'sys.sql_modules',
    );
    return rows.map(({ name, definition }) => ({ name, definition }));
  }

  async contractColumns(): Promise<FoundColumn[]> {
    const text = await readQuery('mssql', 'doctor_columns');
    return toFoundColumns(await this.#pool.batch<ColumnAnswer>(text, 'doctor_columns'));
  }

  async installedShape(): Promise<InstalledShape | undefined> {
    const [table] = await this.#pool.batch<{ length: number | null }>(
      "SELECT COL_LENGTH(N'cardgenius.contract_shape', N'optional_columns') AS length",
      'cardgenius.contract_shape',
    );
    if ((table?.length ?? null) === null) return undefined;
    const [row] = await this.#pool.batch<ShapeAnswer>(SHAPE, 'cardgenius.contract_shape');
    return row && toInstalledShape(row);
  }

  async recordShape(shape: InstalledShape): Promise<void> {
    await this.#pool.batch(shapeRecordOf(shape), 'cardgenius.contract_shape');
  }

  async lockMigrations(): Promise<AsyncDisposable> {
    const [answer] = await this.#pool.batch<{ locked: number }>(
      `DECLARE @locked INT;
       EXEC @locked = sp_getapplock @Resource = 'cardgenius.migrate', @LockMode = 'Exclusive', @LockOwner = 'Session',
                                    @LockTimeout = 30000;
       SELECT @locked AS locked;`,
      'migrate',
    );
    if (answer === undefined || answer.locked < 0) throw migrationLocked();
    return {
      [Symbol.asyncDispose]: async () => {
        const release = "EXEC sp_releaseapplock @Resource = 'cardgenius.migrate', @LockOwner = 'Session';";
        await this.#pool.batch(release, 'migrate').catch(() => {}); // the session's end lets it go as well
      },
    };
  }
}

/** A URL that was tried out on `master` and left so: our tables, and CashKaro's, would be made there. */
function refuseSystemDatabase(name: string | null): void {
  if (name === null) return;
  throw new UsageError(
    'SYSTEM_DATABASE',
    `${name} is a system database of the server. Name the one with user_spending_data in CARDGENIUS_DATABASE_URL.`,
  );
}

/** The batches of a script: what stands between lines that say GO. */
export function splitBatches(text: string): string[] {
  return text.split(/^[ \t]*GO[ \t]*$/im).filter(batch => withoutComments(batch) !== '');
}

function withoutComments(batch: string): string {
  return batch.replace(/--.*$/gm, '').trim();
}

/** What records a file as applied, as `migrate --sql` writes it, too. */
export function recordOf({ name, checksum, breaking }: SqlFile): string {
  return [
    `DELETE FROM cardgenius.migration WHERE name = '${name}';`,
    `INSERT INTO cardgenius.migration (name, checksum, breaking) VALUES ('${name}', '${checksum}', ${breaking ? 1 : 0});`,
  ].join('\n');
}
