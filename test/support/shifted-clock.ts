import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { operationsOf } from '../../src/database/database.ts';
import type { Driver } from '../../src/database/driver.ts';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { Pglite } from '../../src/database/postgres/pglite.ts';
import { postgresDriver } from '../../src/database/postgres/postgres-driver.ts';
import { PostgresMigrationTarget } from '../../src/database/postgres/postgres-migration-target.ts';
import { PACKAGE_ROOT } from '../../src/package.ts';
import { copyDatabase } from './kept.ts';

const FOLDER = join(PACKAGE_ROOT, 'sql', 'postgres');
/** The procedures that read the time: each takes another one as p_now. */
const TIMED = new Set(
  readdirSync(FOLDER)
    .filter(name => /\bp_now\s+TIMESTAMPTZ DEFAULT NULL/.test(readFileSync(join(FOLDER, name), 'utf8')))
    .map(name => name.replace('.sql', '')),
);

/** A driver whose database believes that it is `clock()`. */
export function shifted(driver: Driver, clock: () => number): Driver {
  return {
    ...driver,
    call: (procedure, parameters, on) =>
      driver.call(
        procedure,
        TIMED.has(procedure) ? [...parameters, ['now', 'datetime', new Date(clock())]] : parameters,
        on,
      ),
  };
}

/** The embedded engine in memory, with a clock of its own. */
export async function openWithClock(clock: () => number) {
  const pglite = new Pglite(await copyDatabase('new'));
  await migrate(new PostgresMigrationTarget(pglite));
  const driver = postgresDriver(pglite, { description: 'pglite:memory', vacuums: true });
  return { ...operationsOf(shifted(driver, clock)), execute: (sql: string) => pglite.transaction([{ sql }]) };
}
