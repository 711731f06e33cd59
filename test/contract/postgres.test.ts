import test from 'ava';
import { operationsOf } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { postgresDriver } from '../../src/database/postgres/driver.ts';
import { PostgresMigrationTarget } from '../../src/database/postgres/migration-target.ts';
import { Pglite } from '../../src/database/postgres/pglite.ts';
import type { ContractEngine } from './context.ts';
import { registerContract } from './suite.ts';

let engine: ContractEngine;

test.before('open the embedded engine', async () => {
  const pglite = new Pglite('memory://');
  const target = new PostgresMigrationTarget(pglite);
  await migrate(target);
  engine = {
    ...operationsOf(postgresDriver(pglite, { description: 'pglite:memory', vacuums: true })),
    target,
    execute: sql => pglite.transaction([{ sql }]),
    query: sql => pglite.query(sql),
  };
});

test.after.always('close it', () => engine?.database.close());

registerContract(test, () => engine);
