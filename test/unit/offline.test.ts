import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { planMigration } from '../../src/database/migrate/migrate.ts';
import { offlineTarget, RELEASES } from '../../src/database/migrate/offline.ts';
import { readSqlFiles } from '../../src/database/migrate/sql-files.ts';
import { OPTIONAL_COLUMNS } from '../../src/model/contract.ts';
import { cardgenius, newFolder } from '../e2e/cli.ts';

const ROOT = join(import.meta.dirname, '../..');

test('the script without a login: for an empty database it is the one that migrate --plan would list, with its SHA-256', async t => {
  const place = { cwd: await newFolder(), database: 'pglite:none' };
  const made = await cardgenius(['migrate', '--sql', '--offline'], place);
  t.is(made.code, 0, made.stderr);
  t.regex(made.stderr, new RegExp(`SHA-256 of the script ${createHash('sha256').update(made.stdout).digest('hex')}`));
  const files = await readSqlFiles('mssql');
  for (const { path, checksum } of files) t.true(made.stdout.includes(`${checksum}  ${path}`), path);
  t.regex(made.stdout, /OBJECT_ID\(N'dbo.user_spending_data'\) IS NOT NULL OR/, 'it stops where the tables are there');
  const again = await cardgenius(['migrate', '--sql', '--offline'], place);
  t.is(again.stdout, made.stdout, 'the same bytes each time');
});

test('from one release to this one: the migrations since then, and every procedure, for the columns that are there', async t => {
  const target = await offlineTarget({ from: '0.2.0', tables: 'card_recommendations.card_id' });
  const { pending, shape } = await planMigration(target);
  const files = await readSqlFiles('mssql');
  const since = files.filter(({ kind, name }) => kind === 'migration' && name > RELEASES['0.2.0']!);
  t.deepEqual(
    pending.filter(({ kind }) => kind === 'migration').map(({ name }) => name),
    since.map(({ name }) => name),
  );
  t.is(pending.length - since.length, files.filter(({ kind }) => kind === 'object').length);
  t.deepEqual(shape.installed.optionalColumns, ['card_recommendations.card_id']);
  const publish = pending.find(({ name }) => name === 'object:publish_chunk')!;
  t.regex(publish.text, /card_id = s\.card_id/);
  t.notRegex(publish.text, /, batch_id = @batch_id/);

  const made = await cardgenius(['migrate', '--sql', '--offline', '--from', '0.2.0', '--tables', 'fifteen'], {
    cwd: await newFolder(),
    database: 'pglite:none',
  });
  t.is(made.code, 0, made.stderr);
  t.regex(made.stdout, /FROM cardgenius\.migration AS m WHERE m\.name NOT LIKE '%:%'\) <> 8\b/);
  t.regex(made.stdout, /SET optional_columns = '';/, 'the length of processing_error is left as it was found');
});

test('what is no release, no description of tables, or no pair of options is refused', async t => {
  const cases: [args: string[], said: RegExp][] = [
    [['--sql', '--offline', '--from', '9.9.9'], /9\.9\.9 is no release\. There are: 0\.1\.0, .*\[OFFLINE_FROM\]/s],
    [['--sql', '--offline', '--from', '0.2.0'], /\[OFFLINE_TABLES\]/],
    [['--sql', '--offline', '--tables', 'sixteen'], /sixteen is not among them\..*\[OFFLINE_TABLES\]/s],
    [['--offline'], /\[MIGRATE_OPTIONS\]/],
    [['--sql', '--from', '0.2.0'], /\[MIGRATE_OPTIONS\]/],
    [['--yes'], /\[MIGRATE_OPTIONS\]/],
    [['--verify', '--repair'], /\[MIGRATE_OPTIONS\]/],
  ];
  const place = { cwd: await newFolder(), database: 'pglite:memory' };
  for (const [args, said] of cases) {
    const { code, stderr } = await cardgenius(['migrate', ...args], place);
    t.is(code, 2, args.join(' '));
    t.regex(stderr, said);
  }
});

test('each release of the changelog is known with its last migration', async t => {
  const released = [...readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8').matchAll(/^## \[(\d[\w.]*)\]/gm)].map(
    ([, version]) => version!,
  );
  t.deepEqual(Object.keys(RELEASES).sort(), released.sort());
  const names = new Set((await readSqlFiles('mssql')).map(({ name }) => name));
  for (const last of Object.values(RELEASES)) t.true(names.has(last), last);
  t.is((await planMigration(await offlineTarget({ from: undefined, tables: 'full' }))).shape.named.length, 0);
  const adding = await planMigration(await offlineTarget({ from: '0.3.0', tables: 'fifteen' }), {
    addContractColumns: true,
  });
  t.deepEqual(adding.shape.installed.optionalColumns, OPTIONAL_COLUMNS);
});
