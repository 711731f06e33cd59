import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import pg from 'pg';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { cardgenius, newFolder } from '../e2e/cli.ts';
import {
  createServerDatabase,
  hasPostgresServer,
  NO_POSTGRES,
  type ServerDatabase,
} from '../support/postgres-server.ts';

const GRANTS = join(import.meta.dirname, '../../deploy/sql/postgres/grants.sql');

/** What no role may do to CashKaro's tables and ours; the migrator acts as the owner of ours. */
const ROWS = ['SELECT user_id FROM public.card_recommendations', 'SELECT user_id FROM public.user_spending_data'];
const FORBIDDEN = [
  'DELETE FROM public.card_recommendations',
  "UPDATE public.user_spending_data SET processing_status = 'new'",
  'CREATE TABLE public.theirs (n INTEGER)',
  'CREATE TRIGGER t BEFORE INSERT ON public.card_recommendations FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
  'SELECT run_id FROM cardgenius.run',
  'SELECT load_no FROM cardgenius.staged_recommendation',
  'DELETE FROM cardgenius.staged_recommendation',
  "SELECT nextval('cardgenius.load_no')",
  'UPDATE cardgenius.migration SET breaking = TRUE',
  'DROP TABLE cardgenius.run',
  'CREATE FUNCTION cardgenius.theirs() RETURNS INTEGER LANGUAGE sql AS $$ SELECT 1 $$',
  'SELECT * FROM cardgenius.expire_leases()',
  "SELECT cardgenius.close_run(1, 'done', 'done', 'theirs', NULL)",
  'SET ROLE cardgenius_owner',
];

/** The migrator is as trusted as the owner of our schema; of CashKaro's it may delete no user, and change no table. */
const NOT_BY_MIGRATOR = [
  'DELETE FROM public.user_spending_data',
  'ALTER TABLE public.user_spending_data DROP COLUMN processing_error',
  'DROP TABLE public.card_recommendations',
  ...FORBIDDEN.slice(2, 4),
  'CREATE ROLE theirs',
];

interface Login extends AsyncDisposable {
  readonly url: string;
  execute(text: string): Promise<unknown>;
}

/** A login that has one role, and nothing else. */
async function loginWith(place: ServerDatabase, role: string): Promise<Login> {
  const user = `dba_${role}_${randomBytes(3).toString('hex')}`;
  await place.execute(`CREATE ROLE ${user} LOGIN PASSWORD 'x' IN ROLE cardgenius_${role}`);
  const url = new URL(place.url);
  url.username = user;
  url.password = 'x';
  const client = new pg.Client({ connectionString: url.href });
  client.on('error', () => {});
  await client.connect();
  return {
    url: url.href,
    execute: text => client.query(text),
    [Symbol.asyncDispose]: async () => {
      await client.end();
      await place.execute(`DROP ROLE ${user}`);
    },
  };
}

if (hasPostgresServer()) {
  test('each role of grants.sql does its work and nothing else, and an update keeps what was granted', async t => {
    t.timeout(600_000);
    await using place = await createServerDatabase();
    {
      await using opened = await openDatabase(place.url, { checkSchema: false });
      await migrate(opened.target);
    }
    const grants = await readFile(GRANTS, 'utf8');
    await place.execute('GRANT CREATE ON SCHEMA public TO PUBLIC');
    await t.throwsAsync(place.execute(grants), { message: /any login may create in schema public/ });
    await place.execute('ROLLBACK');
    await place.execute('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    await place.execute(grants);
    await place.execute(grants); // it may be repeated

    const cwd = await newFolder();
    await using importer = await loginWith(place, 'importer');
    await using processor = await loginWith(place, 'processor');
    await using reader = await loginWith(place, 'reader');
    await using janitor = await loginWith(place, 'janitor');
    await using migrator = await loginWith(place, 'migrator');
    const as = (login: Login, ...args: string[]) => cardgenius(args, { cwd, database: login.url });

    const refuses = { message: /permission denied|must be owner/ };
    for (const login of [importer, processor, reader, janitor])
      for (const statement of [...ROWS, ...FORBIDDEN])
        await t.throwsAsync(login.execute(statement), refuses, `${login.url}: ${statement}`);
    for (const statement of NOT_BY_MIGRATOR) await t.throwsAsync(migrator.execute(statement), refuses, statement);

    const succeeds = async (login: Login, ...args: string[]) => {
      const { code, stdout, stderr } = await as(login, ...args);
      t.is(code, 0, `${args.join(' ')}: ${stdout}${stderr}`);
      return stdout;
    };
    await succeeds(importer, 'seed', '--users', '300', '--yes-invent-users-here');
    t.is(JSON.parse(await succeeds(processor, 'run', '--json')).completed, 300);
    await succeeds(processor, 'status');
    await succeeds(processor, 'redo', '--card', 'ICICI Bank Coral Credit Card');
    await succeeds(processor, 'run');
    await succeeds(reader, 'export', join(cwd, 'out.csv'));
    await succeeds(reader, 'recommend', 'CK0000001');
    await succeeds(reader, 'status');
    await succeeds(reader, 'verify');
    await succeeds(reader, 'migrate', '--verify');
    await succeeds(janitor, 'prune', '--keep', '1d', '--orphans');
    await succeeds(janitor, 'verify');
    await succeeds(migrator, 'prune', '--keep', '1d', '--orphans');

    // An update: an object is made anew and a migration is applied, by the migrator alone; what was granted stays, and the owner owns what is new.
    await place.execute(`UPDATE cardgenius.migration SET checksum = repeat('0', 64)
      WHERE name IN ('object:count_users', 'object:publish_chunk', 'object:run_progress')`);
    await place.execute('DROP TABLE cardgenius.completed_user');
    await place.execute('ALTER TABLE cardgenius.chunk DROP COLUMN first_cards_known, DROP COLUMN first_cards_changed');
    await place.execute("DELETE FROM cardgenius.migration WHERE name = '0008_redo_and_gates'");
    await succeeds(migrator, 'migrate');
    await succeeds(reader, 'migrate', '--verify');
    t.deepEqual(
      await place.query(`SELECT DISTINCT pg_get_userbyid(p.proowner)::TEXT AS owner FROM pg_proc AS p WHERE p.pronamespace = 'cardgenius'::regnamespace
        UNION SELECT pg_get_userbyid(c.relowner)::TEXT FROM pg_class AS c WHERE c.relnamespace = 'cardgenius'::regnamespace`),
      [{ owner: 'cardgenius_owner' }],
    );
    await succeeds(importer, 'seed', '--users', '400', '--yes-invent-users-here');
    await succeeds(processor, 'run');
    await succeeds(processor, 'status');

    // The rows are there, and still the processor may neither see nor delete one.
    for (const statement of [ROWS[0]!, FORBIDDEN[0]!])
      await t.throwsAsync(processor.execute(statement), refuses, statement);
    t.is(Number((await place.query('SELECT COUNT(*) AS n FROM card_recommendations'))[0]?.n), 4000);

    for (const [login, ...args] of [
      [processor, 'prune', '--keep', '1d'],
      [importer, 'run'],
      [reader, 'run'],
      [janitor, 'run'],
      [reader, 'seed', '--users', '10', '--yes-invent-users-here'],
      [processor, 'seed', '--users', '10', '--yes-invent-users-here'],
      [processor, 'export', 'x.csv'],
    ] as const) {
      const { code, stderr } = await as(login, ...args);
      t.is(code, 1, `${args[0]}: ${stderr}`);
      t.regex(stderr, /permission denied/, args.join(' '));
    }
  });

  test('the login that migrated is a migrator after grants.sql, and one without a role is told which it needs', async t => {
    t.timeout(600_000);
    await using place = await createServerDatabase();
    const cwd = await newFolder();
    const first = `dba_first_${randomBytes(3).toString('hex')}`;
    const other = `dba_other_${randomBytes(3).toString('hex')}`;
    await place.execute(`CREATE ROLE ${first} LOGIN PASSWORD 'x'; CREATE ROLE ${other} LOGIN PASSWORD 'x'`);
    const [{ name } = { name: '' }] = await place.query('SELECT current_database() AS name');
    await place.execute(`ALTER DATABASE ${name} OWNER TO ${first}`);
    const as = (user: string, ...args: string[]) => {
      const url = new URL(place.url);
      url.username = user;
      url.password = 'x';
      return cardgenius(args, { cwd, database: url.href });
    };
    t.is((await as(first, 'migrate')).code, 0);
    await place.execute(await readFile(GRANTS, 'utf8'));
    const again = await as(first, 'migrate');
    t.is(again.code, 0, again.stderr);
    const status = await as(other, 'status');
    t.regex(status.stderr, new RegExp(`GRANT cardgenius_migrator TO "${other}"; for migrate`));
    const { stdout } = await as(other, 'doctor', '--json');
    t.like(
      JSON.parse(stdout).findings.find(({ check }: { check: string }) => check === 'schema'),
      { state: 'not visible', found: 'POSTGRES_42501' },
    );
    await place.execute(
      `REASSIGN OWNED BY ${first} TO CURRENT_USER; DROP OWNED BY ${first}; DROP ROLE ${first}, ${other}`,
    );
  });
} else {
  console.error(`\n${NO_POSTGRES}\n`);
  test.skip('each role of grants.sql does its work and nothing else', () => {});
}
