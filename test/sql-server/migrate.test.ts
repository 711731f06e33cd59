import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { migrate, planMigration } from '../../src/database/migrate/migrate.ts';
import { readSqlFiles } from '../../src/database/migrate/sql-files.ts';
import type { MigrationTarget } from '../../src/database/migrate/target.ts';
import { verifySchema } from '../../src/database/migrate/verify.ts';
import { reviewScript } from '../../src/database/mssql/review-script.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { seedSpending } from '../../src/exchange/seed-spending.ts';
import { cardgenius, newFolder } from '../e2e/cli.ts';
import { applyGrants } from '../support/roles.ts';
import {
  createDatabase,
  hasSqlServer,
  isStandIn,
  NO_SERVER,
  type SqlServer,
  startSqlServer,
} from '../support/sql-server.ts';
import { hasTsql, NO_TSQL, tsql } from '../support/tsql.ts';

const TABLES = `SELECT t.TABLE_SCHEMA + '.' + t.TABLE_NAME + '.' + t.COLUMN_NAME + ' ' + t.DATA_TYPE + ' ' + t.IS_NULLABLE AS what
  FROM INFORMATION_SCHEMA.COLUMNS AS t ORDER BY 1`;

const SESSIONS = `SELECT session_id FROM sys.dm_exec_sessions
  WHERE program_name LIKE N'cardgenius/%' AND database_id = DB_ID()`;

let server: SqlServer | undefined;
const NO_TIME = 240_000;

/** The script for a database as it is, made as the command makes it. */
async function scriptFor(url: string): Promise<string> {
  await using opened = await openDatabase(url, { checkSchema: false });
  return reviewScript(await planMigration(opened.target), await opened.target.appliedFiles(), 'a test');
}

if (!hasSqlServer()) {
  console.error(`\n${NO_SERVER}\n`);
  test.skip('migrations on SQL Server', () => {});
} else {
  test.before(async () => {
    server = await startSqlServer();
  });
  test.after.always(() => server?.[Symbol.asyncDispose]());

  test.serial('two migrators at once: one applies everything, the other finds nothing to do', async t => {
    t.timeout(NO_TIME);
    await using place = await createDatabase(server!);
    await using one = await openDatabase(place.url, { checkSchema: false });
    await using two = await openDatabase(place.url, { checkSchema: false });
    // The one that waits gives up after 30 s: on a slow server it asks again, as its message says.
    const patiently = (target: MigrationTarget): ReturnType<typeof migrate> =>
      migrate(target).catch(error => {
        if (error.code !== 'MIGRATION_LOCKED') throw error;
        return patiently(target);
      });
    const plans = await Promise.all([patiently(one.target), patiently(two.target)]);
    const [recorded] = await place.query('SELECT COUNT(*) AS number FROM cardgenius.migration');
    t.true(Number(recorded!.number) >= (await readSqlFiles('mssql')).length);
    t.deepEqual(
      plans.map(plan => plan.pending.length).sort((a, b) => a - b),
      [0, Number(recorded!.number)],
    );
  });

  test.serial('master is refused: nothing is planned for it, and doctor says so', async t => {
    const place = { cwd: await newFolder(), database: new URL(`/master${server!.url.search}`, server!.url).href };
    const planned = await cardgenius(['migrate', '--plan'], place);
    t.is(planned.code, 2);
    t.regex(planned.stderr, /master is a system database of the server\..*\[SYSTEM_DATABASE\]/);
    const looked = await cardgenius(['doctor'], place);
    t.is(looked.code, 1);
    t.regex(looked.stdout, /master is a system database/);
  });

  test.serial('drop_objects.sql drops all objects, and migrate brings them again', async t => {
    t.timeout(NO_TIME);
    await using place = await createDatabase(server!);
    await using opened = await openDatabase(place.url, { checkSchema: false });
    await migrate(opened.target);
    await place.execute(await readFile(join(import.meta.dirname, '../../deploy/sql/drop_objects.sql'), 'utf8'));
    t.deepEqual(await opened.target.liveObjects(), []);
    const objects = (await readSqlFiles('mssql')).filter(({ kind }) => kind === 'object');
    t.is((await migrate(opened.target)).pending.length, objects.length);
    t.deepEqual((await verifySchema(opened.target)).drift, []);
  });

  test.serial(
    'uninstall.sql leaves CashKaro’s tables and nothing of ours, and migrate brings all of it again',
    async t => {
      t.timeout(NO_TIME);
      await using place = await createDatabase(server!);
      {
        await using opened = await openDatabase(place.url, { checkSchema: false });
        await migrate(opened.target);
        // The stand-in drops no role that has a right on a table; SQL Server does.
        if (!(await isStandIn(place))) await applyGrants(place);
        await seedSpending(opened.database, 20, 1);
      }
      // Sessions that have just been closed may still be on their way out.
      while ((await place.query(SESSIONS)).length > 0);
      await place.execute(await readFile(join(import.meta.dirname, '../../deploy/sql/uninstall.sql'), 'utf8'));
      t.deepEqual(await place.query("SELECT name FROM sys.objects WHERE schema_id = SCHEMA_ID('cardgenius')"), []);
      t.deepEqual(await place.query("SELECT name FROM sys.database_principals WHERE name LIKE 'cardgenius[_]%'"), []);
      t.like((await place.query('SELECT COUNT(*) AS number FROM dbo.user_spending_data'))[0], { number: 20 });
      await using opened = await openDatabase(place.url, { checkSchema: false });
      t.is((await migrate(opened.target)).pending.length, (await readSqlFiles('mssql')).length);
      t.like(await opened.database.countUsers(), { new: 20 });
    },
  );

  test.serial('a newer breaking schema is refused with a sentence', async t => {
    await using place = await createDatabase(server!);
    {
      await using opened = await openDatabase(place.url, { checkSchema: false });
      await migrate(opened.target);
    }
    await place.execute(
      `INSERT INTO cardgenius.migration (name, checksum, breaking) VALUES ('0099_other', '${'0'.repeat(64)}', 1)`,
    );
    const { code, stderr } = await cardgenius(['run'], { cwd: await newFolder(), database: place.url });
    t.is(code, 1);
    t.regex(stderr, /has 0099_other, a breaking change that this version does not know.*\[SCHEMA_TOO_NEW\]/);
  });

  if (!hasTsql()) {
    console.error(`\n${NO_TSQL}\n`);
    test.skip('migrate --sql by tsql', () => {});
  } else {
    test.serial(
      'migrate --sql by tsql ends as migrate does; a run works; what is altered by hand is found',
      async t => {
        t.timeout(NO_TIME);
        await using place = await createDatabase(server!);
        await using other = await createDatabase(server!);
        const cwd = await newFolder();
        const made = await cardgenius(['migrate', '--sql'], { cwd, database: place.url });
        t.is(made.code, 0, made.stderr);
        const said = tsql(place.url, made.stdout);
        t.notRegex(said, /severity (1[1-9]|2\d)/);
        t.regex(said, /done: \d+ files applied/);
        {
          await using opened = await openDatabase(other.url, { checkSchema: false });
          await migrate(opened.target);
        }
        t.deepEqual(await place.query(TABLES), await other.query(TABLES));
        const recorded = 'SELECT name, checksum, breaking FROM cardgenius.migration ORDER BY name';
        t.deepEqual(await place.query(recorded), await other.query(recorded));

        const clean = await cardgenius(['migrate', '--verify', '--json'], { cwd, database: place.url });
        t.is(clean.code, 0, clean.stdout);
        t.deepEqual(JSON.parse(clean.stdout).drift, []);
        {
          await using opened = await openDatabase(place.url);
          await seedSpending(opened.database, 200, 1);
        }
        const run = await cardgenius(['run', '--json'], { cwd, database: place.url });
        t.is(run.code, 0, run.stderr);
        t.is(JSON.parse(run.stdout).completed, 200);

        const file = (await readSqlFiles('mssql')).find(({ name }) => name === 'object:count_users')!;
        await place.execute(file.text.replace("WHEN 'failed' THEN 1", "WHEN 'failed' THEN 2"));
        await place.execute('CREATE PROCEDURE cardgenius.helper AS SELECT 1 AS one;');
        const drifted = await cardgenius(['migrate', '--verify', '--json'], { cwd, database: place.url });
        t.is(drifted.code, 1);
        t.deepEqual(
          JSON.parse(drifted.stdout).drift.map((d: { what: string; problem: string }) => [d.what, d.problem]),
          [
            ['cardgenius.count_users', 'altered'],
            ['cardgenius.helper', 'added'],
          ],
        );
        const shown = await cardgenius(['migrate', '--repair'], { cwd, database: place.url });
        t.is(shown.code, 1);
        t.regex(shown.stdout, /count_users: altered.*^- .*THEN 1.*^\+ .*THEN 2.*1 would be put back/ms);
        await cardgenius(['migrate', '--repair', '--yes'], { cwd, database: place.url });
        const left = await cardgenius(['migrate', '--verify', '--json'], { cwd, database: place.url });
        t.deepEqual(
          JSON.parse(left.stdout).drift.map(({ what }: { what: string }) => what),
          ['cardgenius.helper'],
        );
      },
    );

    test.serial(
      'migrate --sql --offline ends as migrate does, on an empty database and from one release to this one',
      async t => {
        t.timeout(NO_TIME);
        await using empty = await createDatabase(server!);
        const cwd = await newFolder();
        const offline = async (...args: string[]) =>
          (await cardgenius(['migrate', '--sql', '--offline', ...args], { cwd, database: 'pglite:none' })).stdout;
        const fresh = await offline();
        t.regex(tsql(empty.url, fresh), /done: \d+ files applied/);
        t.regex(tsql(empty.url, fresh), /not in the state that the script was made for/, 'a second time it is refused');
        {
          await using opened = await openDatabase(empty.url);
          t.deepEqual((await verifySchema(opened.target)).drift, []);
          t.is((await migrate(opened.target)).pending.length, 0);
        }

        await using old = await createDatabase(server!);
        const files = await readSqlFiles('mssql');
        {
          await using opened = await openDatabase(old.url, { checkSchema: false });
          for (const file of files.filter(({ kind, name }) => kind === 'migration' && name < '0009'))
            await opened.target.applyFile(file);
        }
        const columns = await offline('--from', '0.2.0', '--tables', 'full');
        t.regex(tsql(old.url, columns), /do not have the columns that the script was made for/);
        t.regex(tsql(old.url, await offline('--from', '0.2.0', '--tables', 'fifteen')), /done: \d+ files applied/);
        await using opened = await openDatabase(old.url);
        t.deepEqual((await verifySchema(opened.target)).drift, []);
        t.is((await migrate(opened.target)).pending.length, 0);
      },
    );

    test.serial('migrate --sql stops at the first error, and nothing after it is applied', async t => {
      t.timeout(NO_TIME);
      await using place = await createDatabase(server!);
      // A foreign table that is not as the PRD has it: the third file refuses it.
      await place.execute(
        'CREATE TABLE dbo.card_recommendations (user_id VARCHAR(50) NOT NULL, rank TINYINT NOT NULL)',
      );
      const script = await scriptFor(place.url);
      const said = tsql(place.url, script);
      t.regex(said, /is missing; it must be/);
      t.regex(said, /STOPPED at the first error/);
      const names = await place.query('SELECT name FROM cardgenius.migration ORDER BY name');
      t.deepEqual(
        names.map(row => row.name),
        ['0001_migration', '0002_contract_tables'],
      );
      t.deepEqual(await place.query("SELECT name FROM sys.procedures WHERE schema_id = SCHEMA_ID('cardgenius')"), []);

      // Once it is mended, the old script is refused, and a new one goes on from there.
      await place.execute('DROP TABLE dbo.card_recommendations');
      t.regex(tsql(place.url, script), /not in the state that the script was made for/);
      await place.execute("DELETE FROM cardgenius.migration WHERE name = '0002_contract_tables'");
      t.regex(tsql(place.url, await scriptFor(place.url)), /done: \d+ files applied/);
      await using opened = await openDatabase(place.url);
      t.deepEqual((await verifySchema(opened.target)).drift, []);
    });

    test.serial(
      'a procedure with a syntax error, which rolls nothing back by itself, stops the script as well',
      async t => {
        await using place = await createDatabase(server!);
        const script = (await scriptFor(place.url)).replace(
          'CREATE OR ALTER PROCEDURE cardgenius.begin_load',
          'CREAT PROC x',
        );
        t.regex(tsql(place.url, script), /STOPPED at the first error/);
        const [last] = await place.query("SELECT COUNT(*) AS n FROM cardgenius.migration WHERE name LIKE 'object:%'");
        const objects = (await readSqlFiles('mssql')).filter(({ kind }) => kind === 'object');
        t.is(
          last?.n,
          objects.findIndex(({ name }) => name === 'object:begin_load'),
        );
      },
    );
  }
}
