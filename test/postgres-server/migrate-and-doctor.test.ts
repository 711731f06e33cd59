import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { readSqlFiles } from '../../src/database/migrate/sql-files.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { cardgenius, newFolder } from '../e2e/cli.ts';
import { createServerDatabase, hasPostgresServer, NO_POSTGRES } from '../support/postgres-server.ts';

const hasPsql = spawnSync('psql', ['--version']).status === 0;
const NO_PSQL =
  'NOT TESTED: THE SCRIPT OF MIGRATE --SQL FOR PSQL. There is no psql (apt-get install postgresql-client).';

if (hasPostgresServer()) {
  test('two migrators at once: one applies everything, the other finds nothing to do', async t => {
    t.timeout(600_000);
    await using place = await createServerDatabase();
    await using one = await openDatabase(place.url, { checkSchema: false });
    await using two = await openDatabase(place.url, { checkSchema: false });
    const plans = await Promise.all([migrate(one.target), migrate(two.target)]);
    t.deepEqual(
      plans.map(plan => plan.pending.filter(({ kind }) => kind !== 'named').length).sort((a, b) => a - b),
      [0, (await readSqlFiles('postgres')).length],
    );
  });

  if (!hasPsql) console.error(`\n${NO_PSQL}\n`);
  (hasPsql ? test : test.skip)(
    'the script of migrate --sql: psql ends in the same state as migrate, in one transaction, and a second time it refuses',
    async t => {
      t.timeout(600_000);
      await using place = await createServerDatabase();
      const at = { cwd: await newFolder(), database: place.url };
      const script = await cardgenius(['migrate', '--sql'], at);
      t.is(script.code, 0, script.stderr);
      const path = join(at.cwd, 'review.sql');
      const psql = (text: string) => {
        writeFileSync(path, text);
        return spawnSync('psql', ['-X', '-q', '-f', path, place.url], { encoding: 'utf8' });
      };
      const torn = psql(script.stdout.replace('COMMIT;', 'SELECT no_such_column;\nCOMMIT;'));
      t.not(torn.status, 0);
      t.deepEqual(
        await place.query(
          "SELECT to_regnamespace('cardgenius') AS schema, to_regclass('public.card_recommendations') AS there",
        ),
        [{ schema: null, there: null }],
      );
      const whole = psql(script.stdout);
      t.is(whole.status, 0, whole.stderr);
      t.regex(whole.stdout, /^done: \d+ files applied$/m);
      const proof = await cardgenius(['migrate', '--verify'], at);
      t.is(proof.code, 0, proof.stdout + proof.stderr);
      t.regex((await cardgenius(['migrate'], at)).stdout, /is up to date/);
      const again = psql(script.stdout);
      t.not(again.status, 0);
      t.regex(again.stderr, /not in the state that the script was made for/);

      await place.execute(
        "UPDATE cardgenius.migration SET checksum = repeat('0', 64) WHERE name = 'object:count_users'",
      );
      const update = await cardgenius(['migrate', '--sql'], at);
      t.is(psql(update.stdout).status, 0);
      t.is((await cardgenius(['migrate', '--verify'], at)).code, 0);
    },
  );

  test('doctor looks at a PostgreSQL server, and says what to do about each finding', async t => {
    t.timeout(600_000);
    await using place = await createServerDatabase();
    const at = { cwd: await newFolder(), database: place.url };
    await cardgenius(['migrate'], at);
    const { stdout, stderr } = await cardgenius(['doctor', '--json'], at);
    const findings = JSON.parse(stdout).findings as { check: string; state: string; remedy: string }[];
    const named = new Map(findings.map(finding => [finding.check, finding]));
    for (const check of [
      'oldest version',
      'standby',
      'autovacuum',
      'durability',
      'max_wal_size',
      'work_mem',
      'connections',
      'rights in public',
      'bloat',
      'staging',
      'long transactions',
      'replication slots',
      'clock',
      'grants',
    ])
      t.true(named.has(check), `${check}: ${stderr}`);
    for (const { check, state, remedy } of findings) if (state !== 'ok') t.not(remedy, '', check);
    for (const check of ['oldest version', 'standby', 'autovacuum', 'durability', 'grants', 'clock'])
      t.is(named.get(check)!.state, 'ok', check);
  });
} else {
  console.error(`\n${NO_POSTGRES}\n`);
  test.skip('migrate and doctor on a PostgreSQL server', () => {});
}
