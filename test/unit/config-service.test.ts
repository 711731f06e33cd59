import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { z } from 'zod';
import { DOCS_PATH, withTable } from '../../scripts/configuration-docs.ts';
import { KEYS } from '../../src/config/keys.ts';
import { configSchema } from '../../src/config/schema.ts';
import { effectiveSettings, loadSettings } from '../../src/config/settings.ts';
import { describeDatabase } from '../../src/database/open-database.ts';
import { UsageError } from '../../src/model/errors.ts';

const FOLDER = await mkdtemp(join(tmpdir(), 'cardgenius-config-'));
let files = 0;

async function source(config: string, env: Record<string, string> = {}) {
  const configPath = `service-${++files}.ts`;
  await writeFile(join(FOLDER, configPath), `export default ${config};\n`);
  return { configPath, env, cwd: FOLDER };
}
const load = async (config: string, env: Record<string, string> = {}) => loadSettings(await source(config, env));

test('the shipped week: Monday 02:00 in India, within an hour', async t => {
  const cwd = join(import.meta.dirname, '../..');
  const { schedules } = await loadSettings({ configPath: 'cron.config.ts', env: {}, cwd });
  t.like(schedules[0], { cron: '0 2 * * 1', timeZone: 'Asia/Kolkata', misfire: 'once', deadlineMinutes: 60 });
});

test('the environment overrides key by key, also within objects that the file leaves out', async t => {
  const settings = await load("{ chunkSize: 5, sqlServer: { workConnections: 9 }, log: { level: 'warn' } }", {
    CARDGENIUS_CHUNK_SIZE: '7',
    CARDGENIUS_SQL_SERVER_CONTROL_CONNECTIONS: '3',
    CARDGENIUS_LOG_LEVEL: 'debug',
    CARDGENIUS_SCHEDULES: '[{"name":"often","cron":"*/10 * * * * *"}]',
    CARDGENIUS_ALERTS_EMAIL_SMTP: 'smtp://u:pass@host:25',
    CARDGENIUS_ALERTS_EMAIL_FROM: 'a@b.example',
    CARDGENIUS_ALERTS_EMAIL_TO: 'c@d.example, e@f.example',
  });
  t.like(settings, { chunkSize: 7, sqlServer: { workConnections: 9, controlConnections: 3 }, log: { level: 'debug' } });
  t.like(settings.schedules[0], { name: 'often', timeZone: 'UTC', catchUpWindowMinutes: 4320 });
  t.deepEqual(settings.alerts.email?.to, ['c@d.example', 'e@f.example']);
  t.is(settings.alerts.email?.smtp.reveal(), 'smtp://u:pass@host:25');
});

test('a secret may stand in a file', async t => {
  await writeFile(join(FOLDER, 'slack'), 'https://hooks.example/T1\n');
  const { alerts } = await load('{}', { CARDGENIUS_ALERTS_SLACK_URL_FILE: 'slack' });
  t.is(alerts.slack?.url.reveal(), 'https://hooks.example/T1');
});

test('the dashboard: its address, and tokens that nothing shows', async t => {
  t.is((await load('{}')).dashboard.address, 'off');
  await writeFile(join(FOLDER, 'token'), 'read-token-of-the-test\n', { mode: 0o600 });
  const env = {
    CARDGENIUS_DASHBOARD_TOKEN_FILE: 'token',
    CARDGENIUS_DASHBOARD_ACT_TOKEN: 'act-token-of-the-test',
    CARDGENIUS_DASHBOARD_METRICS_TOKEN: 'metrics-token-of-the-test',
  };
  const given = await source("{ dashboard: { address: '[::1]:8787' } }", env);
  const { dashboard } = await loadSettings(given);
  t.is(dashboard.address, '[::1]:8787');
  t.is(dashboard.token?.reveal(), 'read-token-of-the-test');
  t.is(dashboard.actToken?.reveal(), 'act-token-of-the-test');
  t.is(dashboard.metricsToken?.reveal(), 'metrics-token-of-the-test');
  const shown = await effectiveSettings(
    { ...given, env: { ...env, CARDGENIUS_DASHBOARD_ADDRESS: '0.0.0.0:8787' } },
    describeDatabase,
  );
  const of = (key: string) => shown.find(setting => setting.key === key);
  t.like(of('dashboard.address'), { value: '0.0.0.0:8787', source: 'CARDGENIUS_DASHBOARD_ADDRESS' });
  t.is(of('dashboard.token')?.source, 'CARDGENIUS_DASHBOARD_TOKEN_FILE');
  t.notRegex(JSON.stringify(shown), /of-the-test/);
});

test('the dashboard: trusted proxies are addresses and ranges', async t => {
  const env = { CARDGENIUS_DASHBOARD_TRUSTED_PROXIES: '10.0.0.0/8, ::1' };
  const { dashboard } = await loadSettings(await source('{}', env));
  t.deepEqual(dashboard.trustedProxies, ['10.0.0.0/8', '::1']);
  t.is(dashboard.userHeader, 'X-Forwarded-User');
  for (const wrong of ['proxy.example', '10.0.0.0/33', '10.0.0/8', '::1/129', '10.0.0.0/8/8', '*'])
    await t.throwsAsync(loadSettings(await source('{}', { CARDGENIUS_DASHBOARD_TRUSTED_PROXIES: wrong })), {
      code: 'CONFIG_INVALID',
    });
});

test('a schedule that compares: its API is shown nowhere', async t => {
  const given = await source(
    "{ schedules: [{ name: 'a', kind: 'parity', cron: '0 6 * * *', url: 'https://api.example/c?key=hunter2', sample: 20 }] }",
  );
  const { schedules } = await loadSettings(given);
  t.like(schedules[0], { kind: 'parity', sample: 20 });
  t.is(schedules[0]?.url?.reveal(), 'https://api.example/c?key=hunter2');
  t.notRegex(JSON.stringify(await effectiveSettings(given, describeDatabase)), /hunter2/);
});

test('a variable that needs another beside it says so: the file has nothing of either', async t => {
  const env = { CARDGENIUS_ALERTS_WEBHOOK_URL: 'https://in.example/x' };
  await t.throwsAsync(loadSettings({ env, cwd: '/' }), {
    code: 'CONFIG_INVALID',
    message:
      /^CARDGENIUS_ALERTS_WEBHOOK_URL needs CARDGENIUS_ALERTS_WEBHOOK_SECRET beside it \(alerts\.webhook\.secret\): it is missing\.$/,
  });
});

test('config print: each setting with its source, and no secret', async t => {
  const given = await source("{ chunkSize: 5, alerts: { slack: { url: 'https://hooks.example/T1' } } }", {
    CARDGENIUS_DATABASE_URL: 'mssql://u:hunter2@host/db',
    CARDGENIUS_DATABASE_PASSWORD: 'hunter2',
    CARDGENIUS_ALERTS_WEBHOOK_URL: 'https://in.example/hunter2',
    CARDGENIUS_ALERTS_WEBHOOK_SECRET: 'hunter2hunter2hunter2',
  });
  const settings = await effectiveSettings(given, describeDatabase);
  const of = (key: string) => settings.find(setting => setting.key === key);
  t.like(of('chunkSize'), { value: 5, source: join(FOLDER, given.configPath) });
  t.like(of('leaseSeconds'), { value: 60, source: 'default' });
  t.like(of('database'), {
    value: 'mssql://host:1433/db as u, encrypt=true, trustServerCertificate=false',
    source: 'CARDGENIUS_DATABASE_URL',
  });
  t.is(of('alerts.webhook.url')?.source, 'CARDGENIUS_ALERTS_WEBHOOK_URL');
  const text = JSON.stringify(settings);
  t.notRegex(text, /hunter2|T1/);
  t.is(settings.length, KEYS.length + 1);
});

const WRONG: Readonly<Record<string, [config: string, env: Record<string, string>, message: RegExp]>> = {
  'an unknown key of a schedule': [
    "{ schedules: [{ name: 'a', cron: '0 2 * * 1', timezone: 'UTC' }] }",
    {},
    /unknown key schedules\.0\.timezone\. Did you mean timeZone\?/,
  ],
  'an unknown key of a channel': ["{ alerts: { webhook: { ulr: 'x' } } }", {}, /is wrong at|Did you mean url/],
  'a cron expression': ["{ schedules: [{ name: 'a', cron: '0 25 * * 1' }] }", {}, /schedules\.0\.cron: "0 25/],
  'the last day of a month': ["{ schedules: [{ name: 'a', cron: '0 2 L * *' }] }", {}, /uses L, W or #/],
  'an address of the dashboard': ["{ dashboard: { address: 'here' } }", {}, /must be PORT, HOST:PORT or off/],
  'a time zone': ["{ schedules: [{ name: 'a', cron: '0 2 * * 1', timeZone: 'Mars' }] }", {}, /no IANA time zone/],
  'a comparison without its API': [
    "{ schedules: [{ name: 'a', kind: 'parity', cron: '0 2 * * 1' }] }",
    {},
    /schedules\.0\.url: is missing/,
  ],
  'a comparison over http:// with another machine': [
    "{ schedules: [{ name: 'a', kind: 'parity', cron: '0 2 * * 1', url: 'http://api.example/hunter2' }] }",
    {},
    /schedules\.0\.url: is http:\/\/ to another machine/,
  ],
  'a run with an API': [
    "{ schedules: [{ name: 'a', cron: '0 2 * * 1', url: 'https://api.example/' }] }",
    {},
    /schedules\.0\.url: is for a schedule of kind parity/,
  ],
  'a comparison with a limit of users': [
    "{ schedules: [{ name: 'a', kind: 'parity', cron: '0 2 * * 1', url: 'https://api.example/', userLimit: 5 }] }",
    {},
    /schedules\.0\.userLimit: is for a schedule of kind run/,
  ],
  'a comparison for each missed slot': [
    "{ schedules: [{ name: 'a', kind: 'parity', cron: '0 2 * * 1', url: 'https://api.example/', misfire: 'all' }] }",
    {},
    /schedules\.0\.misfire: must be once or skip/,
  ],
  'two of one name': [
    "{ schedules: [{ name: 'a', cron: '0 2 * * 1' }, { name: 'a', cron: '0 3 * * 1' }] }",
    {},
    /two have one name/,
  ],
  'two whose names differ in capitals alone': [
    "{ schedules: [{ name: 'weekly', cron: '0 2 * * 1' }, { name: 'Weekly', cron: '0 3 * * 1' }] }",
    {},
    /two have one name \(capitals make no difference/,
  ],
  'a variable that is no number': ['{}', { CARDGENIUS_WORKERS: 'many' }, /CARDGENIUS_WORKERS must be a number/],
  'a variable out of range': ['{}', { CARDGENIUS_WORKERS: '0' }, /^CARDGENIUS_WORKERS is wrong at workers/],
  'a variable that is no JSON': [
    '{}',
    { CARDGENIUS_SCHEDULES: '[' },
    /CARDGENIUS_SCHEDULES must be JSON, .*, which it is not at its end\.$/,
  ],
  'a variable that is a word in place of JSON': [
    '{}',
    { CARDGENIUS_SCHEDULES: 'weekly' },
    /must be JSON, a list \[ … \] or an object \{ … \}\.$/,
  ],
};
for (const [title, [config, env, message]] of Object.entries(WRONG)) {
  test(`wrong: ${title}`, async t => {
    await t.throwsAsync(load(config, env), { instanceOf: UsageError, message });
  });
}

test('docs/configuration.md has the table that the schema makes (npm run docs:configuration)', async t => {
  const text = await readFile(DOCS_PATH, 'utf8');
  t.is(withTable(text), text);
});

/** Each number of the configuration with the two ends of its range. */
function* numbers(
  schema: z.ZodType,
  path: readonly (string | number)[],
): Generator<[(string | number)[], z.ZodNumber]> {
  const { type, innerType, element, in: input } = schema.def as unknown as Record<string, z.ZodType> & { type: string };
  if (type === 'number') yield [[...path], schema as z.ZodNumber];
  else if (innerType ?? input) yield* numbers((innerType ?? input)!, path);
  else if (type === 'array') yield* numbers(element!, [...path, 0]);
  else if (type === 'object') {
    for (const [name, inner] of Object.entries((schema as z.ZodObject).shape)) yield* numbers(inner, [...path, name]);
  }
}

test('every number has a range, and is taken at both ends and refused beyond', t => {
  const found = [...numbers(configSchema, [])];
  t.true(found.length > 25, String(found.length));
  for (const [path, schema] of found) {
    const name = path.join('.');
    const [least, most] = [schema.minValue, schema.maxValue];
    t.true(least !== null && Number.isFinite(least) && least >= 0, `${name} from ${least}`);
    t.true(most !== null && most <= 10_000_000_000, `${name} to ${most}`);
    t.true(schema.safeParse(most).success, name);
    t.false(schema.safeParse(most! * 1.5 + 1).success, name);
    t.false(schema.safeParse(least! - 1).success, name);
    // Minutes and seconds go into an INT of seconds, or into a timer.
    if (/Minutes$/.test(name)) t.true(most! * 60 <= 2_147_483_647, name);
    if (/Seconds$/.test(name)) t.true(most! <= 2_147_483, name);
  }
});
