import test from 'ava';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { PostgresAudit } from '../../src/database/postgres/audit.ts';
import { PostgresHistory } from '../../src/database/postgres/history.ts';
import { PostgresMaintenance } from '../../src/database/postgres/maintenance.ts';
import { PostgresMigrationTarget } from '../../src/database/postgres/migration-target.ts';
import { Pglite } from '../../src/database/postgres/pglite.ts';
import { PostgresDatabase } from '../../src/database/postgres/postgres-database.ts';
import { PostgresService } from '../../src/database/postgres/postgres-service.ts';
import type { ContractEngine } from './context.ts';
import { registerContract } from './suite.ts';

let engine: ContractEngine;

test.before('open the embedded engine', async () => {
  const pglite = new Pglite('memory://');
  const target = new PostgresMigrationTarget(pglite);
  await migrate(target);
  engine = {
    database: new PostgresDatabase(pglite, 'pglite:memory', () => {}),
    audit: new PostgresAudit(pglite),
    history: new PostgresHistory(pglite),
    service: new PostgresService(pglite),
    target,
    maintenance: new PostgresMaintenance(pglite),
    execute: sql => pglite.transaction([{ sql }]),
    query: sql => pglite.query(sql),
  };
});

test.after.always('close it', () => engine?.database.close());

registerContract(test, () => engine);
