import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadSettings } from '../../src/config/settings.ts';
import { UsageError } from '../../src/model/errors.ts';

const FOLDER = await mkdtemp(join(tmpdir(), 'cardgenius-config-'));
let files = 0;

async function load(config: string, env: Record<string, string> = {}) {
  const configPath = `config-${++files}.ts`;
  await writeFile(join(FOLDER, configPath), `export default ${config};\n`);
  return loadSettings({ configPath, env, cwd: FOLDER });
}

test('without a file everything has a default', async t => {
  const settings = await loadSettings({ env: {}, cwd: FOLDER });
  t.like(settings, {
    databaseUrl: 'pglite:.cardgenius/db',
    chunkSize: 10_000,
    chunksInFlight: 2,
    leaseSeconds: 60,
    maxMonthlySpend: 1_000_000_000,
    errorRateLimit: 0.001,
  });
  t.true(settings.workers >= 1);
  t.true(settings.catalogPath.endsWith('catalog/cards.json'));
  t.true(Object.isFrozen(settings));
});

test('the file overrides the defaults, the environment overrides the file', async t => {
  const config = "{ database: 'pglite:a', chunkSize: 5, catalog: 'cards.json', maxMonthlySpend: 1234.5 }";
  const settings = await load(config, { CARDGENIUS_DATABASE_URL: 'pglite:memory' });
  t.like(settings, { databaseUrl: 'pglite:memory', chunkSize: 5, maxMonthlySpend: 123_450 });
  t.is(settings.catalogPath, join(FOLDER, 'cards.json'));
});

test('the shipped cron.config.ts is right', async t => {
  const cwd = join(import.meta.dirname, '../..');
  t.like(await loadSettings({ configPath: 'cron.config.ts', env: {}, cwd }), {
    chunkSize: 10_000,
    errorRateLimit: 0.001,
  });
});

const WRONG: Readonly<Record<string, [config: string, message: RegExp]>> = {
  'an unknown key, with the nearest known one': [
    '{ chunkSzie: 5 }',
    /unknown key chunkSzie\. Did you mean chunkSize\?/,
  ],
  'an unknown key that is near to none': ['{ colour: 5 }', /unknown key colour\. It may have: database, /],
  'a wrong type': ["{ chunkSize: '5' }", /is wrong at chunkSize: must be a number, not a text\.$/],
  'a value out of range': ['{ errorRateLimit: 2 }', /is wrong at errorRateLimit: must be at most 1\.$/],
  'a nested key': ["{ log: { levle: 'info' } }", /unknown key log\.levle\. Did you mean level\?/],
  'no default export': ['undefined', /must say: export default defineConfig/],
  'a file that throws': ["(() => { throw new Error('boom') })()", /cannot be loaded: boom \(.*\.ts:\d+\)\.$/],
  'a file that throws undefined': ['(() => { throw undefined })()', /cannot be loaded: undefined\.$/],
  'a fraction': ['{ workers: 1.5 }', /must be a whole number, not a fraction\.$/],
  'an unknown choice': ["{ log: { level: 'loud' } }", /must be "trace", "debug", .* or "silent"\.$/],
};
for (const [title, [config, message]] of Object.entries(WRONG)) {
  test(`wrong: ${title}`, async t => {
    await t.throwsAsync(load(config), { instanceOf: UsageError, message });
  });
}

test('wrong: a file that is not there', async t => {
  await t.throwsAsync(loadSettings({ configPath: 'nowhere.ts', env: {}, cwd: FOLDER }), {
    instanceOf: UsageError,
    message: /There is no .*nowhere\.ts/,
  });
});

test('a file with a secret may begin with a byte order mark and end its lines as Windows does; an empty first line is refused', async t => {
  const passwordOf = async (text: string) => {
    await writeFile(join(FOLDER, 'password'), text);
    const env = { CARDGENIUS_DATABASE_PASSWORD_FILE: 'password' };
    return (await load('{}', env)).databasePassword?.reveal();
  };
  t.is(await passwordOf('\uFEFFsecret\r\n'), 'secret');
  t.is(await passwordOf(' blanks stay \n'), ' blanks stay ');
  await t.throwsAsync(passwordOf('\nsecret\n'), { message: /password, whose first line is empty\./ });
  const given = await load('{}', { CARDGENIUS_DATABASE_PASSWORD: 'secret\r' });
  t.is(given.databasePassword?.reveal(), 'secret');
});

test('blanks and line ends around a text from the environment are no part of it', async t => {
  const env = { CARDGENIUS_DATABASE_URL: 'pglite:mydb\r', CARDGENIUS_CATALOG: ' cards.json\r' };
  t.like(await load('{}', env), { databaseUrl: 'pglite:mydb', catalogPath: join(FOLDER, 'cards.json') });
  t.is((await load("{ database: 'pglite:memory ' }")).databaseUrl, 'pglite:memory');
});

test('a file whose line is wrong is told by its line, and --verbose shows nothing that stands there', async t => {
  for (const config of ["{ database: 'mssql://app:S3cret@host/db' alerts: {} }", "'S3cret'; enum Wrong { A }"]) {
    const error = await t.throwsAsync<UsageError>(load(config), { code: 'CONFIG_UNREADABLE' });
    const { cause } = error!;
    t.true(cause instanceof Error);
    const { stack } = cause as Error;
    t.false(stack!.includes('S3cret'), stack);
    t.regex(stack!, /config-\d+\.ts:\d+\n/);
  }
});
