import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../src/database/database.ts';
import { migrate } from '../src/database/migrate/migrate.ts';
import { openDatabase } from '../src/database/open.ts';
import { createDatabase } from '../test/support/sql-server.ts';

const SERVER = process.env.CARDGENIUS_BENCH_URL;

/** Which engine is measured: for the figures' heading. */
export const ENGINE = SERVER ? `SQL Server at ${new URL(SERVER).host}` : 'PGlite on disk';

export interface FreshDatabase extends AsyncDisposable {
  readonly database: Database;
  /** Where it is, as `openDatabase` takes it. */
  readonly url: string;
}

/** An empty, migrated database that is gone once it is disposed of: embedded on disk, or on CARDGENIUS_BENCH_URL. */
export async function freshDatabase(): Promise<FreshDatabase> {
  return SERVER ? onServer(new URL(SERVER)) : onDisk();
}

async function onDisk(): Promise<FreshDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'cardgenius-bench-'));
  const url = `pglite:${join(folder, 'db')}`;
  const opened = await openDatabase(url);
  return {
    database: opened.database,
    url,
    [Symbol.asyncDispose]: async () => {
      await opened.database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function onServer(server: URL): Promise<FreshDatabase> {
  const place = await createDatabase({ url: server, [Symbol.asyncDispose]: async () => {} });
  const opened = await openDatabase(place.url, { checkSchema: false });
  await migrate(opened.target);
  return {
    database: opened.database,
    url: place.url,
    [Symbol.asyncDispose]: async () => {
      await opened.database.close();
      await place[Symbol.asyncDispose]();
    },
  };
}
