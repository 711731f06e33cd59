import { UsageError } from '../model/errors.ts';
import type { Database } from './database.ts';
import { checkSchema, type MigrationTarget, migrate } from './migrate/migrate.ts';
import { openPglite } from './postgres/open.ts';

export interface OpenedDatabase extends AsyncDisposable {
  readonly database: Database;
  readonly target: MigrationTarget;
  /** What opening it has applied, by name: never anything but on the embedded engine. */
  readonly applied: readonly string[];
}

/**
 * Opens the database that a URL names: `pglite:PATH` or `pglite:memory`.
 *
 * The embedded engine is migrated as it is opened: it is ours alone. Any other database is only checked, because its
 * schema is its DBA's business; `checkSchema: false` leaves that out, for `cardgenius migrate` itself.
 */
export async function openDatabase(url: string, options: { checkSchema?: boolean } = {}): Promise<OpenedDatabase> {
  const opened = await open(url);
  let applied: string[] = [];
  try {
    if (opened.target.engine === 'postgres') applied = (await migrate(opened.target)).pending.map(file => file.name);
    else if (options.checkSchema !== false) await checkSchema(opened.target);
  } catch (error) {
    await opened.database.close();
    throw error;
  }
  return { ...opened, applied, [Symbol.asyncDispose]: () => opened.database.close() };
}

async function open(url: string): Promise<{ database: Database; target: MigrationTarget }> {
  const location = /^pglite:(.+)$/.exec(url)?.[1];
  if (location !== undefined) return openPglite(location);
  throw new UsageError(
    'DATABASE_URL',
    `"${url.split(':')[0]}:" is not a database that cardgenius knows. Use pglite:PATH, pglite:memory or mssql://….`,
  );
}
