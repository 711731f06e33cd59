import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { SPENDING_COLUMNS } from '../../src/model/spending.ts';
import { cardgenius, newFolder, newPlace } from './cli.ts';

const ROOT = join(import.meta.dirname, '../..');

/** One sentence on stderr, nothing on stdout, no stack. */
async function refused(
  t: import('ava').ExecutionContext,
  args: readonly string[],
  expected: { code: number; message: RegExp; database?: string; cwd?: string },
): Promise<void> {
  const cwd = expected.cwd ?? (await newFolder());
  const { code, stdout, stderr } = await cardgenius(args, { cwd, database: expected.database ?? 'pglite:never' });
  t.is(code, expected.code, stderr);
  t.is(stdout, '');
  t.regex(stderr, expected.message);
  t.false(/\n\s+at /.test(stderr), 'no stack trace');
}

test('an unknown kind of database', async t => {
  await refused(t, ['status'], {
    code: 2,
    database: 'oracle://x',
    message: /"oracle:" names no database that cardgenius knows/,
  });
});

test('a file in place of a database folder', async t => {
  const cwd = await newFolder();
  await writeFile(join(cwd, 'file'), 'x');
  await refused(t, ['status'], { code: 2, cwd, database: 'pglite:file', message: /is a file; pglite: needs a folder/ });
});

test('a folder that is not a database is left as it is', async t => {
  const cwd = await newFolder();
  await mkdir(join(cwd, 'papers'));
  await writeFile(join(cwd, 'papers/letter.txt'), 'dear');
  await refused(t, ['status'], { code: 1, cwd, database: 'pglite:papers', message: /not a PGlite database/ });
  t.deepEqual(await readdir(join(cwd, 'papers')), ['letter.txt']);
});

test('a catalogue with a wrong field, before the database is touched', async t => {
  const cwd = await newFolder();
  const catalog = JSON.parse(await readFile(join(ROOT, 'catalog/cards.json'), 'utf8'));
  catalog.cards[3].fees.joining = '500';
  await writeFile(join(cwd, 'cards.json'), JSON.stringify(catalog));
  await writeFile(join(cwd, 'cron.config.ts'), "export default { catalog: 'cards.json' };\n");
  const message =
    /^cardgenius: The catalogue .*cards\.json is wrong at card icici_rubyx, field fees\.joining: .*\[CATALOG_INVALID\]\n$/;
  await refused(t, ['run'], { code: 2, cwd, database: 'pglite:db', message });
  t.deepEqual((await readdir(cwd)).sort(), ['cards.json', 'cron.config.ts']);
});

test('a catalogue with nine open cards', async t => {
  const cwd = await newFolder();
  const catalog = JSON.parse(await readFile(join(ROOT, 'catalog/cards.json'), 'utf8'));
  catalog.cards = catalog.cards.filter((card: { status: string }) => card.status === 'open').slice(0, 9);
  await writeFile(join(cwd, 'cards.json'), JSON.stringify(catalog));
  await writeFile(join(cwd, 'cron.config.ts'), "export default { catalog: 'cards.json' };\n");
  await refused(t, ['run'], { code: 2, cwd, message: /only 9 cards are open/ });
});

test('a folder in place of a CSV, a missing one, and one without a usable header', async t => {
  const cwd = await newFolder();
  await mkdir(join(cwd, 'folder'));
  await writeFile(join(cwd, 'odd.csv'), 'a,b\n1,2\n');
  await refused(t, ['import', 'folder'], { code: 2, cwd, message: /folder is a folder\. Name a CSV file/ });
  await refused(t, ['import', 'no.csv'], { code: 2, cwd, message: /no\.csv does not exist/ });
  await refused(t, ['import', 'odd.csv'], {
    code: 2,
    cwd,
    message: /odd\.csv has none of the columns\. Its first line must name the columns user_id, /,
  });
  await writeFile(join(cwd, 'near.csv'), 'user id,avg amazon gmv,flipkart\n1,2,3\n');
  const renamed =
    /has none of the columns\. Rename "user id" to user_id, "avg amazon gmv" to avg_amazon_gmv\. Its first line/;
  await refused(t, ['import', 'near.csv'], { code: 2, cwd, message: renamed });
  await refused(t, ['export', 'folder'], { code: 2, cwd, message: /folder is a folder\. Name a file/ });
  await refused(t, ['catalog', 'names', 'no.csv'], {
    code: 2,
    cwd,
    message: /no\.csv does not exist\. Name a CSV file/,
  });
  await refused(t, ['catalog', 'from-answers', 'none', '--out', 'x'], {
    code: 2,
    cwd,
    message: /none does not exist\. Name/,
  });
  await refused(t, ['catalog', 'from-answers', 'odd.csv', '--out', 'x'], {
    code: 2,
    cwd,
    message: /odd\.csv is no folder/,
  });
  t.deepEqual((await readdir(cwd)).sort(), ['folder', 'near.csv', 'odd.csv']);
});

test('an import that rejected every row ends with an error, and one without a row says so', async t => {
  const place = await newPlace();
  const header = `${['user_id', ...SPENDING_COLUMNS].join(',')}\n`;
  await writeFile(join(place.cwd, 'bad.csv'), `${header}A1,-1,0,0,0,0,0\nA2,1,2,3\n`);
  const { code, stdout, stderr } = await cardgenius(['import', 'bad.csv', '--json'], place);
  t.is(code, 2);
  t.like(JSON.parse(stdout), { read: 2, imported: 0, rejected: 2, rejects: 'bad.csv.rejects.csv' });
  t.like(JSON.parse(stderr).error, { code: 'ALL_REJECTED', exitCode: 2 });
  t.regex(JSON.parse(stderr).error.message, /^All 2 rows of bad\.csv were rejected, .*: bad\.csv\.rejects\.csv\./);

  await writeFile(join(place.cwd, 'none.csv'), header);
  const none = await cardgenius(['import', 'none.csv'], place);
  t.is(none.code, 0);
  t.is(none.stderr, 'none.csv has no row below its header: no user was imported or changed.\n');
  await writeFile(join(place.cwd, 'part.csv'), `${header}A1,-1,0,0,0,0,0\nA2,1,2,3,4,5,15\n`);
  t.is((await cardgenius(['import', 'part.csv'], place)).code, 0, 'a row went in');
});

test('a CSV that cannot be written: one code for every command, before anything is asked', async t => {
  const cwd = await newFolder();
  const nowhere = join(cwd, 'nope/f.csv');
  const cards = join(ROOT, 'catalog/cards.json');
  for (const args of [
    ['export', nowhere],
    ['errors', '--csv', nowhere],
    ['verify', '--csv', nowhere],
    ['catalog', 'diff', cards, cards, '--csv', nowhere],
    ['parity', '--golden', 'x.csv', '--csv', nowhere],
  ]) {
    await refused(t, args, { code: 2, cwd, message: /There is no folder .*nope\. .*\[CSV_UNWRITABLE\]\n$/ });
  }
  t.deepEqual(await readdir(cwd), []);
});

test('wrong usage', async t => {
  await refused(t, ['rum'], { code: 2, message: /Unknown command 'rum'.*Did you mean run\?/s });
  await refused(t, ['run', '--limit', 'many'], { code: 2, message: /--limit.*must be a whole number, at least 1/ });
  await refused(t, ['recommend'], { code: 2, message: /Name a user_id, or give spends/ });
  await refused(t, ['recommend', '--amazon', '9999999999999999'], {
    code: 2,
    message: /--amazon 9999999999999999 is above the limit of 10000000\.00 rupees a month/,
  });
  await refused(t, ['forget', 'CK0000001'], {
    code: 2,
    message: /Nothing was removed\. .* forget CK0000001 --yes/,
  });
  await refused(t, ['recommend', '--amazon', '5,000'], { code: 2, message: /--amazon 5,000 is not an amount/ });
});

test('a user who is not in the database', async t => {
  await refused(t, ['recommend', 'CK404'], {
    code: 1,
    database: 'pglite:memory',
    message: /There is no user CK404 in pglite:memory/,
  });
});

test('a folder whose last process was killed while it wrote the pid of its server', async t => {
  const at = await newPlace();
  t.is((await cardgenius(['migrate'], at)).code, 0);
  await writeFile(join(at.cwd, 'db/postmaster.pid'), '');
  t.is((await cardgenius(['status'], at)).code, 0);
});

test('recommend for spends alone needs no database', async t => {
  const args = ['recommend', '--amazon', '50000', '--flipkart', '30000', '--confirmed', '120000', '--json'];
  const { code, stdout } = await cardgenius(args, { cwd: await newFolder(), database: 'pglite:never' });
  t.is(code, 0);
  const { userId, spending, cards } = JSON.parse(stdout);
  t.is(userId, null);
  t.is(spending.avg_confirmed_gmv, '120000.00');
  t.is(cards.length, 10);
  t.regex(cards[0].net_savings, /^\d+\.\d\d$/);
});

test('seed on a server without the word for it', async t => {
  await refused(t, ['seed', '--users', '5'], {
    code: 2,
    database: 'mssql://app:hunter2@127.0.0.1:1/db',
    message:
      /^cardgenius: mssql:\/\/127\.0\.0\.1:1\/db as app.* is a server, .* say --yes-invent-users-here; .*\[SEED_ON_SERVER\]\n$/,
  });
});
