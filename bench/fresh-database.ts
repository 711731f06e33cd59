import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../src/database/database.ts';
import { openDatabase } from '../src/database/open.ts';

export interface FreshDatabase extends AsyncDisposable {
  readonly database: Database;
}

/** An empty, migrated database that is gone once it is disposed of: embedded on disk. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'cardgenius-bench-'));
  const opened = await openDatabase(`pglite:${join(folder, 'db')}`);
  return {
    database: opened.database,
    [Symbol.asyncDispose]: async () => {
      await opened.database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
