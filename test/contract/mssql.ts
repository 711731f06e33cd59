import test from 'ava';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { createTables, type TableVariant } from '../support/contract-tables.ts';
import {
  createDatabase,
  hasSqlServer,
  NO_SERVER,
  type SqlServer,
  startSqlServer,
  type TestDatabase,
} from '../support/sql-server.ts';
import type { ContractEngine } from './context.ts';
import { registerContract } from './suite.ts';

/** SQL Server in a database of its own, migrated; on tables that were there before where a variant is given. */
export async function openMssql(place: TestDatabase, tables?: TableVariant): Promise<ContractEngine & AsyncDisposable> {
  for (const sql of tables === undefined ? [] : createTables('mssql', tables)) await place.execute(sql);
  const opened = await openDatabase(place.url, { checkSchema: false });
  await migrate(opened.target);
  const { execute, query, openSession } = place;
  return { ...opened, execute, query, openSession };
}

/** Registers the whole contract on SQL Server, or says that there is none. */
export function registerContractOnMssql(tables?: TableVariant): void {
  let server: SqlServer | undefined;
  let place: TestDatabase | undefined;
  let engine: (ContractEngine & AsyncDisposable) | undefined;

  if (!hasSqlServer()) {
    console.error(`\n${NO_SERVER}\n`);
    test.skip('the contract on SQL Server', () => {});
    return;
  }
  test.before('open SQL Server', async t => {
    t.timeout(600_000);
    server = await startSqlServer();
    place = await createDatabase(server);
    engine = await openMssql(place, tables);
  });
  test.after.always('close it', async () => {
    await engine?.[Symbol.asyncDispose]();
    await place?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });
  registerContract(test, () => engine!);
}
