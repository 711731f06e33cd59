import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { loadSettings } from '../../src/config/settings.ts';
import { importUsers, openDatabase, recommend, runBatch, storedCards } from '../../src/index.ts';
import { copyDatabase } from '../support/kept.ts';
import { newFolder } from './cli.ts';

const ROOT = join(import.meta.dirname, '../..');

test('the example of the library does what its comment says', async t => {
  const text = await readFile(join(ROOT, 'examples/library.ts'), 'utf8');
  const file = join(await newFolder(), 'library.ts');
  await writeFile(file, text.replace("'cardgenius-batch'", `'${join(ROOT, 'src/index.ts')}'`));
  const exported = join(await newFolder(), 'exported');
  const env = { ...process.env, CARDGENIUS_DATABASE_URL: `pglite:${exported}`, CARDGENIUS_WORKERS: '2' };
  const { stdout } = await promisify(execFile)(process.execPath, [file], { env });
  t.regex(
    stdout,
    /^.+: \d+\.\d\d rupees a year\n1 imported; CK0000002: avg_grocery_gmv is negative: -1\nRun 1 is done: 1 completed, 0 failed\nCK0000001: .+, \d+\.\d\d rupees a year\n$/,
  );
  t.false(existsSync(exported), 'the database that the code names is the one that is written');
});

test('what is wrong with a config given in code is said of that, and of a variable where a variable has it', async t => {
  const config = { databse: 'pglite:memory' } as object;
  await t.throwsAsync(recommend({ amazon: 1 }, { config }), {
    code: 'CONFIG_INVALID',
    message: 'the config given in code has an unknown key databse. Did you mean database?',
  });
  await t.throwsAsync(recommend({ amazon: 1 }, { config: { chunkSize: 0 } }), {
    message: /^the config given in code is wrong at chunkSize: /,
  });
  const source = { env: { CARDGENIUS_CHUNK_SIZE: '0', CARDGENIUS_WORKERS: '3' }, cwd: import.meta.dirname };
  await t.throwsAsync(loadSettings({ ...source, config: {} }), { message: /^CARDGENIUS_CHUNK_SIZE is wrong/ });
  t.like(await loadSettings({ ...source, config: { chunkSize: 500 } }), { chunkSize: 500, workers: 3 });
});

test('users imported in code: the wrong ones are rejected alone, an id twice is, too, and the sum is confirmed where nothing is said', async t => {
  const config = { database: `pglite:${await copyDatabase('migrated')}` };
  await using opened = await openDatabase({ config });
  async function* users() {
    yield { userId: 'A', amazon: 100, ajio: '0.50' };
    yield { userId: 'B', amazon: '1,000' };
    yield { userId: 'A', amazon: 5 };
    yield { userId: '', amazon: 5 };
  }
  t.deepEqual(await importUsers(opened, users(), { config }), {
    read: 4,
    imported: 1,
    unchanged: 0,
    rejected: [
      { line: 2, userId: 'B', reason: 'avg_amazon_gmv is not a plain decimal: "1,000"' },
      { line: 4, userId: '', reason: 'user_id is missing' },
      { line: 3, userId: 'A', reason: 'a second row for this user_id; line 1 went in' },
    ],
  });
  t.like(await opened.database.readSpending('A'), { amounts: [10_000, 0, 0, 50, 0, 10_050] });
  t.deepEqual(await storedCards(opened, 'A'), []);
  const misspelled = [{ userId: 'C', amazonn: 5 }] as never;
  await t.throwsAsync(importUsers(opened, misspelled, { config }), { message: /no spend "amazonn"/ });
});

test('each call says what it cannot take with a code, and drops no option in silence', async t => {
  const config = { database: `pglite:${await copyDatabase('migrated')}` };
  await using opened = await openDatabase({ config });
  const wrong: readonly [unknown, RegExp][] = [
    [[{ userId: 'A' }, null], /^user 2 is null: spends are an object like /],
    [[undefined], /^user 1 is undefined: /],
    [['A'], /^user 1 is A: /],
    [null, /^importUsers takes a list of users/],
    [{ userId: 'A' }, /^importUsers takes a list of users/],
  ];
  for (const [users, message] of wrong)
    await t.throwsAsync(importUsers(opened, users as never, { config }), { code: 'INVALID_SPENDING', message });
  await t.throwsAsync(recommend(null as never, { config }), {
    code: 'INVALID_SPENDING',
    message: /^recommend is given null/,
  });
  const options = { config, dry: true } as object;
  await t.throwsAsync(runBatch(opened, options), {
    code: 'CONFIG_INVALID',
    message: 'There is no option dry beside config. Did you mean dryRun?',
  });
  await t.throwsAsync(openDatabase({ database: 'x' } as object), { message: /no option database beside config/ });
});

test('an amount of many digits is above the limit, and what is no amount is told as what it is', async t => {
  const config = { database: `pglite:${await copyDatabase('migrated')}` };
  await using opened = await openDatabase({ config });
  const given = [1_000_000_000_000_000, 1e21, 0.1 + 0.2, 'NULL', '99999999999'];
  const users = given.map((amazon, i) => ({ userId: `U${i}`, amazon }));
  const { rejected } = await importUsers(opened, users, { config });
  t.deepEqual(
    rejected.map(({ reason }) => reason),
    [
      'avg_amazon_gmv is above the limit of 10000000.00: "1000000000000000"',
      'avg_amazon_gmv is shortened with an exponent: "1e+21"; write it out',
      'avg_amazon_gmv has more than two decimals: "0.30000000000000004"',
      'avg_amazon_gmv is no amount: "NULL"; leave it empty where there is none',
      'avg_amazon_gmv is above the limit of 10000000.00: 99999999999',
    ],
  );
  const huge = recommend({ amazon: 1_000_000_000_000_000 }, { config });
  await t.throwsAsync(huge, { message: /^amazon is above the limit of 10000000\.00/ });
});

test('a program that opens its embedded database twice is told so, and not to end itself', async t => {
  const config = { database: `pglite:${await copyDatabase('migrated')}` };
  await using _ = await openDatabase({ config });
  await t.throwsAsync(openDatabase({ config }), {
    code: 'DATABASE_IN_USE',
    message: /^This program has .*db open already\. Hand on the database that it has opened, or close it first/,
  });
});

test('recommend answers ten cards, best first, and says which amount it cannot read', async t => {
  const config = { database: 'pglite:memory' };
  const cards = await recommend({ amazon: '50000', flipkart: 30_000 }, { config });
  t.deepEqual(
    cards.map(({ rank }) => rank),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  const nets = cards.map(({ netSavings }) => Number(netSavings));
  t.deepEqual(
    nets,
    nets.toSorted((a, b) => b - a),
  );
  await t.throwsAsync(recommend({ amazon: '1,000' }, { config }), {
    code: 'INVALID_SPENDING',
    message: /amazon.*"1,000"/,
  });
  await t.throwsAsync(recommend({ amazon: -5 }, { config }), { code: 'INVALID_SPENDING', message: /negative/ });
  const misspelled = { amazonn: 5 } as object;
  await t.throwsAsync(recommend(misspelled, { config }), { code: 'INVALID_SPENDING', message: /no spend "amazonn"/ });
});
