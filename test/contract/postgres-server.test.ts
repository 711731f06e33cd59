import test from 'ava';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import {
  createServerDatabase,
  hasPostgresServer,
  NO_POSTGRES,
  type ServerDatabase,
} from '../support/postgres-server.ts';
import type { ContractEngine } from './context.ts';
import { registerContract } from './suite.ts';

let place: ServerDatabase | undefined;
let engine: (ContractEngine & AsyncDisposable) | undefined;

if (hasPostgresServer()) {
  test.before('open a database of a PostgreSQL server', async t => {
    t.timeout(600_000);
    place = await createServerDatabase();
    const opened = await openDatabase(place.url, { checkSchema: false });
    await migrate(opened.target);
    const { execute, query, openSession } = place;
    engine = { ...opened, execute, query, openSession };
  });

  test.after.always('close it', async () => {
    await engine?.[Symbol.asyncDispose]();
    await place?.[Symbol.asyncDispose]();
  });

  registerContract(test, () => engine!);
} else {
  console.error(`\n${NO_POSTGRES}\n`);
  test.skip('the contract on a PostgreSQL server', () => {});
}
