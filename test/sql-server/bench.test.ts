import test from 'ava';
import { SCRATCH_PREFIX, scratchDatabase } from '../../src/tools/bench/scratch-database.ts';
import { loginWith } from '../support/roles.ts';
import { createDatabase, hasSqlServer, NO_SERVER, type SqlServer, startSqlServer } from '../support/sql-server.ts';

if (!hasSqlServer()) {
  console.error(`\n${NO_SERVER}\n`);
  test.skip(`scratch databases on SQL Server (${NO_SERVER})`, () => {});
} else {
  let server: SqlServer;
  test.before(async () => {
    server = await startSqlServer();
  });
  test.after.always(() => server[Symbol.asyncDispose]());

  test('bench: a database of its own is made beside the configured one, and dropped; the configured one stays empty', async t => {
    await using place = await createDatabase(server);
    let name: string;
    const isThere = async () =>
      (await place.query(`SELECT d.name FROM sys.databases AS d WHERE d.name = '${name}'`)).length === 1;
    {
      await using scratch = await scratchDatabase({ url: place.url });
      name = scratch.at.databaseName!;
      t.true(name.startsWith(SCRATCH_PREFIX) && (await isThere()));
      t.is((await scratch.database.countUsers()).new, 0);
    }
    t.false(await isThere());
    const [objects] = await place.query("SELECT COUNT(*) AS n FROM sys.tables AS t WHERE t.name <> 'sysdatabases'");
    t.is(objects!.n, 0);
  });

  test('bench: a login that may not make a database is told which right it lacks', async t => {
    await using place = await createDatabase(server);
    await place.execute('CREATE ROLE cardgenius_nothing');
    await using login = await loginWith(server, place, 'cardgenius_nothing');
    const error = await t.throwsAsync(scratchDatabase({ url: login.url }), { code: 'BENCH_DATABASE_REFUSED' });
    t.regex(error!.message, /GRANT CREATE ANY DATABASE/);
  });
}
