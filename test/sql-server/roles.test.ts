import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { readSqlFiles } from '../../src/database/migrate/sql-files.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { cardgenius, newFolder } from '../e2e/cli.ts';
import { applyGrants, loginWith, type RoleLogin } from '../support/roles.ts';
import {
  createDatabase,
  hasSqlServer,
  isStandIn,
  NO_SERVER,
  startSqlServer,
  type TestDatabase,
} from '../support/sql-server.ts';

/** For the migrator alone: a migration takes types and collations of CashKaro's columns. */
const ROWS = ['SELECT TOP 1 user_id FROM dbo.card_recommendations', 'SELECT TOP 1 user_id FROM dbo.user_spending_data'];
/** What no role but dbo may do to CashKaro's tables and ours. */
const FORBIDDEN = [
  'DELETE FROM dbo.card_recommendations',
  "UPDATE dbo.user_spending_data SET processing_status = 'new'",
  'SELECT TOP 1 run_id FROM cardgenius.run',
  'UPDATE cardgenius.migration SET breaking = 1',
  'DROP TABLE cardgenius.run',
];

if (hasSqlServer()) {
  test('each role of grants.sql does its work and nothing else', async t => {
    t.timeout(600_000);
    await using server = await startSqlServer();
    await using place = await createDatabase(server);
    {
      await using opened = await openDatabase(place.url, { checkSchema: false });
      await migrate(opened.target);
    }
    const refused = await applyGrants(place);
    t.deepEqual(await applyGrants(place), refused, 'it may be repeated');
    const standIn = await isStandIn(place);
    if (!standIn) t.deepEqual(refused, []);
    // What Babelfish has no word for: it cannot be shown here that the migrator and the reader's definitions need no more.
    if (standIn)
      t.true(
        refused.every(statement => /VIEW DEFINITION|ALTER|CREATE/.test(statement)),
        refused.join('; '),
      );

    const cwd = await newFolder();
    await using importer = await loginWith(server, place, 'cardgenius_importer');
    await using processor = await loginWith(server, place, 'cardgenius_processor');
    await using reader = await loginWith(server, place, 'cardgenius_reader');
    await using migrator = await loginWith(server, place, 'cardgenius_migrator');
    const as = async (login: RoleLogin, ...args: string[]) => {
      await using _chain = standIn ? await chainOwnership(place, login) : undefined;
      const result = await cardgenius(args, { cwd, database: login.url });
      t.log(`${login.user}: ${args[0]} ends with ${result.code}`);
      return result;
    };

    const refuses = { message: /permission|denied|owner|not exist/i };
    for (const login of [importer, processor, reader])
      for (const statement of [...ROWS, ...FORBIDDEN])
        await t.throwsAsync(login.execute(statement), refuses, statement);
    for (const statement of ROWS) await t.notThrowsAsync(migrator.execute(statement), statement);
    if (standIn)
      for (const statement of FORBIDDEN) await t.throwsAsync(migrator.execute(statement), refuses, statement);

    const seeded = await as(importer, 'seed', '--users', '300', '--yes-invent-users-here');
    t.is(seeded.code, 0, seeded.stderr);
    const run = await as(processor, 'run', '--json');
    t.is(run.code, 0, run.stderr);
    t.is(JSON.parse(run.stdout).completed, 300);
    t.is((await as(processor, 'status')).code, 0);
    const exported = await as(reader, 'export', join(cwd, 'out.csv'));
    t.is(exported.code, 0, exported.stderr);
    t.is((await as(reader, 'recommend', 'CK0000001')).code, 0);
    t.is((await as(reader, 'status')).code, 0);

    t.is((await as(migrator, 'prune', '--keep', '1d', '--orphans')).code, 0);
    t.is((await as(migrator, 'migrate', '--plan')).code, 0);
    // Definitions and DDL: the stand-in has no such rights to give.
    if (!standIn) {
      t.is((await as(reader, 'migrate', '--verify')).code, 0);
      t.is((await as(reader, 'doctor')).code, 0);
      await place.execute(
        "UPDATE cardgenius.migration SET checksum = REPLICATE('0', 64) WHERE name = 'object:count_users'",
      );
      t.is((await as(migrator, 'migrate')).code, 0);
      // An upgrade: 0008 is taken back, and the migrator alone applies it again.
      await place.execute('DROP TABLE cardgenius.completed_user');
      await place.execute('ALTER TABLE cardgenius.chunk DROP COLUMN first_cards_known, first_cards_changed');
      await place.execute("DELETE FROM cardgenius.migration WHERE name = '0008_redo_and_gates'");
      const upgraded = await as(migrator, 'migrate');
      t.is(upgraded.code, 0, upgraded.stderr);
      t.is((await as(reader, 'migrate', '--verify')).code, 0);
    }

    {
      await using _chain = standIn ? await chainOwnership(place, processor) : undefined;
      await processor.execute(
        "EXEC cardgenius.see_processor @processor = 'future', @host = N'h', @pid = 1, @version = '1', @now = '2099-01-01'",
      );
    }
    const future = await place.query("SELECT COUNT(*) AS n FROM cardgenius.processor WHERE last_seen > '2098-01-01'");
    t.is(future[0]?.n, 0, 'the server goes by its own clock');

    // The rows are there, and still the processor may neither see nor delete one.
    for (const statement of [ROWS[0]!, FORBIDDEN[0]!])
      await t.throwsAsync(processor.execute(statement), { message: /permission|denied/i }, statement);
    t.is((await place.query('SELECT COUNT(*) AS n FROM dbo.card_recommendations'))[0]?.n, 3000);

    for (const [login, ...args] of [
      [reader, 'migrate'],
      [processor, 'prune', '--keep', '1d'],
      [importer, 'run'],
      [reader, 'run'],
      [reader, 'seed', '--users', '10', '--yes-invent-users-here'],
      [processor, 'seed', '--users', '10', '--yes-invent-users-here'],
      [processor, 'export', 'x.csv'],
    ] as const) {
      const { code, stderr } = await cardgenius(args, { cwd, database: login.url });
      t.is(code, args[0] === 'migrate' ? 0 : 1, `${login.user} ${args[0]}: ${stderr}`); // nothing to migrate: nothing is refused
    }
  });
} else {
  console.error(`\n${NO_SERVER}\n`);
  test.skip('each role of grants.sql does its work and nothing else', () => {});
}

/**
 * SQL Server asks no right of who calls a procedure on what the procedure's owner owns as well. The stand-in asks it of the login,
 * on each table, also where the procedure is made SECURITY DEFINER. So there, and for this test alone, a login has the rights
 * that chaining makes up for while one command of its role runs, and not a moment longer.
 */
async function chainOwnership(place: TestDatabase, { user }: RoleLogin): Promise<AsyncDisposable> {
  const tables = await place.query(
    `SELECT TABLE_SCHEMA + '.' + TABLE_NAME AS name FROM INFORMATION_SCHEMA.TABLES
     WHERE TABLE_NAME NOT LIKE 'staged%' AND TABLE_NAME <> 'migration'`,
  );
  const files = await readSqlFiles('mssql');
  const executed = new Set(files.flatMap(({ text }) => text.match(/(?<=EXEC cardgenius\.)\w+/g) ?? []));
  const inner = files.filter(
    ({ name, text }) =>
      /^-- Grants +none: (runs with|called by)/m.test(text) || executed.has(name.replace('object:', '')),
  );
  const statements = [
    ...tables.map(({ name }) => ['GRANT SELECT, INSERT, UPDATE, DELETE ON OBJECT::', name]),
    ...(await stagedTables(place)).map(name => ['GRANT DELETE, SELECT, UPDATE ON OBJECT::', name]),
    ...inner.map(({ name, text }) => [
      `GRANT ${/^CREATE OR ALTER VIEW/m.test(text) ? 'SELECT' : 'EXECUTE'} ON OBJECT::`,
      name.replace('object:', 'cardgenius.'),
    ]),
  ].map(([grant, name]) => `${grant}${name} TO ${user}`);
  for (const statement of statements) await place.execute(statement);
  sequence(place, user, 'GRANT');
  return {
    [Symbol.asyncDispose]: async () => {
      for (const statement of statements) {
        await place.execute(statement.replace('GRANT', 'REVOKE').replace(` TO ${user}`, ` FROM ${user}`));
      }
      sequence(place, user, 'REVOKE');
    },
  };
}

async function stagedTables(place: TestDatabase): Promise<string[]> {
  const rows = await place.query(
    "SELECT TABLE_NAME AS name FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME LIKE 'staged%'",
  );
  return rows.map(({ name }) => `cardgenius.${name}`);
}

/** The stand-in's T-SQL knows no right on a sequence: through its PostgreSQL port, where a database is a prefix of schemas. */
function sequence(place: TestDatabase, user: string, word: 'GRANT' | 'REVOKE'): void {
  const url = new URL(place.url);
  const name = url.pathname.slice(1);
  const port = process.env.CARDGENIUS_TEST_STAND_IN_PORT ?? '5433';
  const script = `${word} USAGE ON SEQUENCE ${name}_cardgenius.load_no ${word === 'GRANT' ? 'TO' : 'FROM'} ${name}_${user}`;
  const login = ['-h', url.hostname, '-p', port, '-U', decodeURIComponent(url.username), '-d', 'babelfish_db'];
  execFileSync('psql', [...login, '-q', '-v', 'ON_ERROR_STOP=1', '-c', script], {
    env: { ...process.env, PGPASSWORD: decodeURIComponent(url.password) },
    stdio: 'pipe',
  });
}
