import { CardGeniusError } from '../../model/errors.ts';
import { changedColumns, readShape, refuseUnusableTables, type Shape } from './shape.ts';
import { readNamedMigrations, readSqlFiles, type SqlFile } from './sql-files.ts';
import type { AppliedFile, AppliedFiles, InstalledShape, MigrationTarget } from './target.ts';

export interface MigrateOptions {
  /** Adds the optional columns that CashKaro's tables lack: a change that a DBA approves by name. */
  readonly addContractColumns?: boolean | undefined;
}

/** What would run, in order. */
export interface MigrationPlan {
  readonly pending: readonly SqlFile[];
  readonly upToDate: number;
  /** What the procedures are installed for. */
  readonly shape: Shape;
}

/** Brings a database to this program's schema. Nothing is ever undone; a second call finds nothing to do. */
export async function migrate(target: MigrationTarget, options: MigrateOptions = {}): Promise<MigrationPlan> {
  await using _lock = await target.lockMigrations();
  const plan = await planMigration(target, options);
  for (const file of plan.pending) await target.applyFile(file);
  const installed = await target.installedShape();
  if (installed === undefined || !isDeepEqual(installed, plan.shape.installed)) {
    await target.recordShape(plan.shape.installed);
  }
  return plan;
}

/**
 * Throws SCHEMA_TOO_NEW where a newer program made a breaking change, MIGRATION_EDITED where a migration was changed after it had been
 * applied, and CONTRACT_COLUMN where a column of CashKaro's tables cannot be worked with.
 */
export async function planMigration(target: AppliedFiles, options: MigrateOptions = {}): Promise<MigrationPlan> {
  const applied = await target.appliedFiles();
  const shape = await readShape(target, applied.size > 0, options.addContractColumns === true);
  const files = await readSqlFiles(target.dialect, shape.installed.optionalColumns);
  const named = await readNamedMigrations(target.dialect);
  refuseNewerSchema([...files, ...named], applied);
  refuseUnusableTables(shape.found);

  const changed = files.filter(file => {
    const found = applied.get(file.name);
    if (found !== undefined && file.kind === 'migration' && found.checksum !== file.checksum) {
      throw new CardGeniusError(
        'MIGRATION_EDITED',
        `${file.path} was changed after it had been applied (recorded ${found.checksum.slice(0, 12)}, file ` +
          `${file.checksum.slice(0, 12)}). Restore the file; a change goes into a migration of its own.`,
      );
    }
    return found?.checksum !== file.checksum;
  });
  const asked = named.filter(file => shape.named.includes(file.name));
  const pending = [
    ...changed.filter(file => file.kind === 'migration'),
    ...asked,
    ...changed.filter(file => file.kind === 'object'),
  ];
  return { pending, upToDate: files.length - changed.length, shape };
}

/** Refuses to work on a database whose schema is missing, older or newer than this program's. */
export async function checkSchema(target: MigrationTarget): Promise<void> {
  const { pending, upToDate, shape } = await planMigration(target);
  const changes = changedColumns(shape, await target.installedShape());
  if (changes !== undefined) {
    throw new CardGeniusError(
      'SCHEMA_OUTDATED',
      `The procedures were installed for other columns of the contract tables: ${changes}. Run "cardgenius migrate" again, with the login of the migrator.`,
    );
  }
  const [first] = pending;
  if (first === undefined) return;
  const what =
    upToDate === 0
      ? 'The database has no schema cardgenius, or this login may not see it.'
      : `The database's schema is not this program's: ${pending.length} of its files are missing or older (the first: ${first.path}).`;
  throw new CardGeniusError('SCHEMA_OUTDATED', `${what} Run "cardgenius migrate", with the login of the migrator.`);
}

/** Throws SCHEMA_TOO_NEW where a newer program has made a breaking change meanwhile; looks at nothing else. */
export async function refuseNewer(target: Pick<AppliedFiles, 'dialect' | 'appliedFiles'>): Promise<void> {
  const applied = await target.appliedFiles();
  if (![...applied.values()].some(({ breaking }) => breaking)) return;
  refuseNewerSchema([...(await readSqlFiles(target.dialect)), ...(await readNamedMigrations(target.dialect))], applied);
}

function refuseNewerSchema(files: readonly SqlFile[], applied: ReadonlyMap<string, AppliedFile>): void {
  const known = new Set(files.map(file => file.name));
  for (const [name, { breaking }] of applied) {
    if (breaking && !known.has(name)) {
      throw new CardGeniusError(
        'SCHEMA_TOO_NEW',
        `The database has ${name}, a breaking change that this version does not know. Use the newer version of cardgenius.`,
      );
    }
  }
}

const isDeepEqual = (a: InstalledShape, b: InstalledShape): boolean =>
  a.errorLength === b.errorLength && a.optionalColumns.join() === b.optionalColumns.join();

/** A database that does not exist yet: the tables will be made in full. */
export const NOTHING_APPLIED: AppliedFiles = {
  dialect: 'postgres',
  appliedFiles: async () => new Map(),
  contractColumns: async () => [],
  installedShape: async () => undefined,
};
