import test from 'ava';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
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

let server: SqlServer | undefined;
let place: TestDatabase | undefined;
let engine: (ContractEngine & AsyncDisposable) | undefined;

if (hasSqlServer()) {
  test.before('open SQL Server', async t => {
    t.timeout(300_000);
    server = await startSqlServer();
    place = await createDatabase(server);
    const opened = await openDatabase(place.url, { checkSchema: false });
    await migrate(opened.target);
    const { execute, query } = place;
    engine = { ...opened, execute, query };
  });

  test.after.always('close it', async () => {
    await engine?.[Symbol.asyncDispose]();
    await place?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  registerContract(test, () => engine!);
} else {
  console.error(`\n${NO_SERVER}\n`);
  test.skip('the contract on SQL Server', () => {});
}
