import test from 'ava';
import { operationsOf } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { Pglite } from '../../src/database/postgres/pglite.ts';
import { postgresDriver } from '../../src/database/postgres/postgres-driver.ts';
import { PostgresMigrationTarget } from '../../src/database/postgres/postgres-migration-target.ts';
import { createTables, type TableVariant } from '../support/contract-tables.ts';
import { copyDatabase } from '../support/kept.ts';
import type { ContractEngine } from './context.ts';
import { registerContract } from './suite.ts';

/** The embedded engine, migrated; on tables that were there before where a variant is given. */
export async function openPostgres(tables?: TableVariant): Promise<ContractEngine> {
  const pglite = new Pglite(await copyDatabase('new'));
  for (const sql of tables === undefined ? [] : createTables('postgres', tables)) await pglite.query(sql);
  const target = new PostgresMigrationTarget(pglite);
  await migrate(target);
  return {
    ...operationsOf(postgresDriver(pglite, { description: 'pglite:memory', vacuums: true })),
    target,
    execute: sql => pglite.transaction([{ sql }]),
    query: sql => pglite.query(sql),
  };
}

/** Registers the whole contract on the embedded engine. */
export function registerContractOnPostgres(tables?: TableVariant): void {
  let engine: ContractEngine;
  test.before('open the embedded engine', async () => {
    engine = await openPostgres(tables);
  });
  test.after.always('close it', () => engine?.database.close());
  registerContract(test, () => engine);
}
