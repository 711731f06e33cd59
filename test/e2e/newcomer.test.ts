/** What a newcomer meets: the wrong folder, the wrong database, a variable with a slip in it. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { shellWord, withCommandPrefix } from '../../src/cli/command-prefix.ts';
import { createProgram } from '../../src/cli/commands.ts';
import { seedSpending } from '../../src/exchange/seed-spending.ts';
import { howItIsStarted } from '../../src/package.ts';
import { cardgenius, hold, newFolder, newPlace } from './cli.ts';

const ROOT = join(import.meta.dirname, '../..');

const PROGRAM = await createProgram();

const HEADER =
  'user_id,avg_amazon_gmv,avg_flipkart_gmv,avg_myntra_gmv,avg_ajio_gmv,avg_grocery_gmv,avg_confirmed_gmv\n';

test('a folder without a database: a person who looks or runs there is told so, and nothing is made', async t => {
  const at = { cwd: await newFolder(), database: 'pglite:db' };
  for (const args of [
    ['status'],
    ['run'],
    ['export', 'out.csv'],
    ['recommend', 'CK1'],
    ['pause'],
    ['doctor'],
    ['schedule', 'list'],
    ['schedule', 'run', 'x'],
  ]) {
    const { code, stdout, stderr } = await cardgenius(args, at);
    t.is(code, 2, args.join(' '));
    t.is(stdout, '');
    t.regex(stderr, /^cardgenius: There is no database pglite:db here\. .* \[DATABASE_MISSING\]\n$/);
  }
  t.deepEqual(readdirSync(at.cwd), []);
});

test('status says first which database it is about', async t => {
  const at = await newPlace('seeded');
  await using _ = await hold(at);
  t.regex((await cardgenius(['status'], at)).stdout, /^pglite:db\n\nnew /);
  t.is(JSON.parse((await cardgenius(['status', '--json'], at)).stdout).database, 'pglite:db');
});

test('the demo invents no users on a server, and does not even connect', async t => {
  const { code, stderr } = await cardgenius(['demo'], {
    cwd: await newFolder(),
    database: 'mssql://sa:secret@127.0.0.1:9/cashkaro',
  });
  t.is(code, 2);
  t.regex(stderr, /\[DEMO_EMBEDDED\]\n$/);
  t.false(stderr.includes('secret'));
});

test('an import beside the invented users says so, and how to keep them apart', async t => {
  const at = await newPlace();
  await writeFile(join(at.cwd, 'spends.csv'), `${HEADER}X1,1,1,1,1,1,5\n`);
  await using opened = await hold(at);
  t.is((await cardgenius(['import', 'spends.csv'], at)).stderr, '');
  await seedSpending(opened.database, 5, 1);
  const { code, stderr, stdout } = await cardgenius(['import', 'spends.csv', '--json'], at);
  t.is(code, 0);
  t.is(JSON.parse(stdout).unchanged, 1);
  t.regex(stderr, /^The invented users of the demo are in pglite:db, too\. .*pglite:\.cardgenius\/mine/);
});

test('a variable with a slip in it is told, and one of another program is not', async t => {
  const at = await newPlace();
  const env = { CARDGENIUS_CHUNKSIZE: '5', CARDGENIUS_SERVICE_HOST: '10.0.0.1', CARDGENIUS_TEST_MSSQL_IMAGE: 'x' };
  const { code, stderr } = await cardgenius(['status'], { ...at, env });
  t.is(code, 0);
  t.is(
    stderr,
    'CARDGENIUS_CHUNKSIZE means nothing to cardgenius, and is passed over. Did you mean CARDGENIUS_CHUNK_SIZE?\n',
  );
});

test('a reader that leaves early ends a command without a word', async t => {
  const main = join(import.meta.dirname, '../../src/cli/main.ts');
  const { stderr } = await promisify(execFile)('bash', ['-c', `"${process.execPath}" "${main}" --help | true`]);
  t.is(stderr, '');
});

test('help, hints and errors name commands as they are typed here', async t => {
  const { stdout } = await cardgenius(['import', '--help'], { cwd: await newFolder(), database: 'pglite:memory' });
  t.regex(stdout, /^Usage: npm run -s cardgenius -- import \[options\] <file>\n/);
  t.regex(stdout, /^Example: npm run -s cardgenius -- import spends\.csv --json$/m);

  const at = { cwd: await newFolder(), database: 'pglite:memory' };
  for (const words of [
    ['schedule', 'list'],
    ['alerts', 'test'],
    ['config', 'print'],
    ['runs', 'show'],
  ]) {
    const { stdout: help } = await cardgenius([...words, '--help'], at);
    t.true(help.startsWith(`Usage: npm run -s cardgenius -- ${words.join(' ')} `), help);
  }

  const names = PROGRAM.commands.map(command => command.name());
  t.is(withCommandPrefix('see "cardgenius runs".', names, { start: 'X' }), 'see "X runs".');
  t.is(
    withCommandPrefix('Usage: cardgenius [options] [command]', names, { start: 'X' }),
    'Usage: X [options] [command]',
  );
  for (const same of [
    'cardgenius: no',
    'cardgenius needs Node',
    '-- cardgenius.run',
    'cardgenius runner',
    'pg/cardgenius run',
  ])
    t.is(withCommandPrefix(same, names, { start: 'X' }), same);

  const paths = ['runs', 'runs show', 'errors'];
  t.is(
    withCommandPrefix('look: cardgenius runs show 3, cardgenius errors', paths, {
      start: 'X',
      options: ' --config a.ts',
    }),
    'look: X runs show --config a.ts 3, X errors --config a.ts',
  );
  t.is(shellWord("my config's.ts"), "'my config'\\''s.ts'");

  t.is(howItIsStarted('/clone/src/package.ts', {}), 'npm run -s cardgenius --');
  t.is(howItIsStarted('/clone/src/package.ts', { npm_lifecycle_event: 'start' }), './cardgenius');
  t.is(howItIsStarted('/x/dist/package.js', { npm_lifecycle_event: 'start' }), 'cardgenius');
  t.is(howItIsStarted('/x/dist/package.js', { npm_lifecycle_event: 'cardgenius' }), 'npm run -s cardgenius --');
  t.is(howItIsStarted('/x/dist/package.js', { npm_command: 'exec' }), 'npx --no -- cardgenius');
  t.is(howItIsStarted('/app/dist/package.js', {}), 'cardgenius');
});

test('the cards that the README shows are those that the demo prints', async t => {
  const rows = [...(await readFile(join(ROOT, 'README.md'), 'utf8')).matchAll(/^ {3}[12] {2}\w.*$/gm)].map(
    ([row]) => row,
  );
  t.is(rows.length, 2);
  const { stdout } = await cardgenius(['demo', '--users', '100'], await newPlace('new'));
  for (const row of rows) t.true(stdout.includes(`\n${row}\n`), `${row}\n${stdout}`);
});
