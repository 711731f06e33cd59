import { UsageError } from '../model/errors.ts';
import type { Database } from './database.ts';
import { checkSchema, type MigrationTarget, migrate } from './migrate/migrate.ts';
import { openPglite } from './postgres/open.ts';

export interface OpenedDatabase extends AsyncDisposable {
  readonly database: Database;
  readonly target: MigrationTarget;
}

/**
 * Opens the database that a URL names: `pglite:PATH` or `pglite:memory`.
 *
 * The embedded engine is migrated as it is opened: it is ours alone. Any other database is only checked, because its
 * schema is its DBA's business; `checkSchema: false` leaves that out, for `cardgenius migrate` itself.
 */
export async function openDatabase(url: string, options: { checkSchema?: boolean } = {}): Promise<OpenedDatabase> {
  const opened = await open(url);
  try {
    if (opened.target.engine === 'postgres') await migrate(opened.target);
    else if (options.checkSchema !== false) await checkSchema(opened.target);
  } catch (error) {
    await opened.database.close();
    throw error;
  }
  return { ...opened, [Symbol.asyncDispose]: () => opened.database.close() };
}

async function open(url: string): Promise<{ database: Database; target: MigrationTarget }> {
  const location = /^pglite:(.+)$/.exec(url)?.[1];
  if (location !== undefined) return openPglite(location);
  throw new UsageError(
    'DATABASE_URL',
    `"${url.split(':')[0]}:" is not a database that cardgenius knows. Use pglite:PATH, pglite:memory or mssql://….`,
  );
}
