/**
 * A marker stands in every secret of a living service, in each way that a secret can be given; nothing that the service or a command says or keeps
 * has it: log, page, metrics, health, alerts, printed configuration, errors, files.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startHttp } from '../support/receivers.ts';
import { cardgenius, newFolder, newPlace } from './cli.ts';

const MARKER = 'Marker7Xq';
const secretOf = (what: string) => `${MARKER}-${what}-0123456789abcdef`;

/** What the tokens, addresses and passwords are; the receivers refuse, so that each channel's errors are told, too. */
const secretsOf = (receiver: string) => ({
  DASHBOARD_TOKEN: secretOf('read'),
  DASHBOARD_ACT_TOKEN: secretOf('act'),
  DASHBOARD_METRICS_TOKEN: secretOf('metrics'),
  ALERTS_WEBHOOK_URL: `${receiver}?key=${secretOf('webhook')}`,
  ALERTS_WEBHOOK_SECRET: secretOf('signature'),
  ALERTS_SLACK_URL: `${receiver}services/${secretOf('slack')}`,
  ALERTS_TEAMS_URL: `http://127.0.0.1:1/${secretOf('teams')}`,
  ALERTS_EMAIL_SMTP: `smtp://user:${secretOf('smtp')}@127.0.0.1:1`,
});

function hasNone(t: ExecutionContext, text: string, where: string): void {
  const at = text.indexOf(MARKER);
  t.is(at, -1, `${where}: ${text.slice(Math.max(0, at - 60), at + 60)}`);
  t.false(text.includes(Buffer.from(MARKER).toString('base64').slice(0, 10)), `${where}, in base64`);
}

async function filesHaveNone(t: ExecutionContext, folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.startsWith('secret.') || name === 'cron.config.ts') continue;
    const text = await readFile(join(folder, name), 'latin1').catch(() => '');
    hasNone(t, text, name);
  }
}

type Way = 'environment' | 'file' | 'configuration';
const WAYS: readonly Way[] = ['environment', 'file', 'configuration'];
/** In a living service, each way has some of them: what is read is one kind of setting, however it came. */
const MIXED: Readonly<Record<keyof ReturnType<typeof secretsOf>, Way>> = {
  DASHBOARD_TOKEN: 'configuration',
  DASHBOARD_ACT_TOKEN: 'file',
  DASHBOARD_METRICS_TOKEN: 'environment',
  ALERTS_WEBHOOK_URL: 'configuration',
  ALERTS_WEBHOOK_SECRET: 'file',
  ALERTS_SLACK_URL: 'file',
  ALERTS_TEAMS_URL: 'environment',
  ALERTS_EMAIL_SMTP: 'configuration',
};

/** The environment that gives the secrets, each in its way, with the files and the configuration that it needs. */
async function give(cwd: string, receiver: string, wayOf: (name: keyof typeof MIXED) => Way) {
  const secrets = secretsOf(receiver);
  const env: Record<string, string> = {};
  const configured: Partial<typeof secrets> = {};
  for (const [name, secret] of Object.entries(secrets) as [keyof typeof MIXED, string][]) {
    const way = wayOf(name);
    if (way === 'configuration') configured[name] = secret;
    if (way === 'environment') env[`CARDGENIUS_${name}`] = secret;
    if (way === 'file') {
      env[`CARDGENIUS_${name}_FILE`] = `secret.${name}`;
      await writeFile(join(cwd, `secret.${name}`), `${secret}\n`, { mode: 0o600 });
    }
  }
  const schedules = [
    { name: 'often', cron: '*/2 * * * * *' },
    {
      name: 'compare',
      kind: 'parity',
      cron: '*/2 * * * * *',
      url: `${receiver}${secretOf('api')}?key=${secretOf('query')}`,
    },
  ];
  const config = {
    dashboard: {
      token: configured.DASHBOARD_TOKEN,
      actToken: configured.DASHBOARD_ACT_TOKEN,
      metricsToken: configured.DASHBOARD_METRICS_TOKEN,
    },
    alerts: {
      webhook: { url: configured.ALERTS_WEBHOOK_URL, secret: configured.ALERTS_WEBHOOK_SECRET },
      slack: { url: configured.ALERTS_SLACK_URL },
      teams: { url: configured.ALERTS_TEAMS_URL },
      email: { smtp: configured.ALERTS_EMAIL_SMTP, from: 'a@b.example', to: ['c@d.example'] },
    },
  };
  if (Object.keys(configured).length > 0) {
    const text = `export default ${JSON.stringify({ ...config, schedules })};`;
    await writeFile(join(cwd, 'cron.config.ts'), text, { mode: 0o600 });
  } else {
    env.CARDGENIUS_ALERTS_EMAIL_FROM = 'a@b.example';
    env.CARDGENIUS_ALERTS_EMAIL_TO = 'c@d.example';
    env.CARDGENIUS_SCHEDULES = JSON.stringify(schedules);
  }
  return env;
}

for (const way of WAYS) {
  test(`no secret is said by what prints the configuration or tries it: secrets by ${way}`, async t => {
    await using receiver = await startHttp(() => 500);
    const cwd = await newFolder();
    const at = { cwd, database: 'pglite:none', env: await give(cwd, receiver.url, () => way) };
    const printed = await cardgenius(['config', 'print', '--json'], at);
    t.is(printed.code, 0, printed.stderr);
    hasNone(t, printed.stdout + printed.stderr, 'config print --json');
    const tried = await cardgenius(['alerts', 'test', '--verbose'], at);
    t.regex(tried.stdout + tried.stderr, /slack/, 'it has read them');
    hasNone(t, tried.stdout + tried.stderr, 'alerts test');
  });
}

test('no secret is said or kept by a living service', async t => {
  await using receiver = await startHttp(() => 500);
  const place = await newPlace('seeded');
  const { cwd } = place;
  const env = await give(cwd, receiver.url, name => MIXED[name]);
  const secrets = secretsOf(receiver.url);
  const [read, act] = [secrets.DASHBOARD_TOKEN, secrets.DASHBOARD_ACT_TOKEN];
  const at = { ...place, env };
  const service = cardgenius(['serve', '--log-dir', 'logs'], {
    ...at,
    env: { ...env, CARDGENIUS_DASHBOARD_ADDRESS: '127.0.0.1:0' },
  });
  await service.said(/"state":"done".*"run-left"/);
  await service.said(/alert not told/);
  const [, url] = /"url":"(http:[^"]+)"/.exec(service.text())!;
  for (const path of [
    '',
    'app.js',
    'livez',
    'readyz',
    'metrics',
    'api/session',
    'api/lists',
    'api/runs/1',
    'api/user?id=CK0000001',
    'api/nope',
  ]) {
    for (const token of [read, act, secrets.DASHBOARD_METRICS_TOKEN, secretOf('wrong')]) {
      const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
      hasNone(t, `${JSON.stringify([...answer.headers])} ${await answer.text()}`, path);
    }
  }
  const signIn = (token: string) =>
    fetch(`${url}api/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: new URL(`${url}`).origin },
      body: JSON.stringify({ token }),
    });
  for (const token of [read, secretOf('wrong')]) {
    const answer = await signIn(token);
    hasNone(t, `${JSON.stringify([...answer.headers])} ${await answer.text()}`, 'sign-in');
  }
  const stream = (await fetch(`${url}api/events`, { headers: { authorization: `Bearer ${read}` } })).body!.getReader();
  hasNone(t, Buffer.from((await stream.read()).value!).toString(), 'events');
  await stream.cancel();
  const says = async (...args: string[]) => {
    const ended = await cardgenius(args, at);
    hasNone(t, ended.stdout + ended.stderr, args.join(' '));
  };
  // The service answers these, so that no command opens the database.
  await says('alerts', 'list', '--all', '--json');
  await says('schedule', 'list');
  await says('runs', 'show', '1', '--json');
  await says('status', '--verbose');
  service.kill('SIGTERM');
  const { stdout, stderr } = await service;
  hasNone(t, stdout, 'log');
  hasNone(t, stderr, 'stderr');

  await says('config', 'print');
  await says('doctor');
  await filesHaveNone(t, cwd);
  t.deepEqual(receiver.items, [], 'each notice was refused, and so told again and again');
});

test.serial('a secret in place of the path of its file, or in JSON that is none, is not quoted', async t => {
  const at = await newPlace();
  const secret = secretOf('misplaced');
  for (const env of [
    { CARDGENIUS_DATABASE_PASSWORD_FILE: secret },
    { CARDGENIUS_DASHBOARD_TOKEN_FILE: secret },
    { CARDGENIUS_ALERTS_EMAIL_SMTP_FILE: `smtp://user:${secret}@host` },
    { CARDGENIUS_ALERTS_SLACK_URL: `htps://hooks/${secret}` },
    { CARDGENIUS_SCHEDULES: `[{ "url": "https://api.example/?key=${secret}" ]` },
    { CARDGENIUS_SCHEDULES: `${secret}` },
  ]) {
    for (const args of [
      ['status', '--verbose'],
      ['config', 'print', '--json'],
    ]) {
      const ended = await cardgenius(args, { ...at, env: env as NodeJS.ProcessEnv });
      t.is(ended.code, 2, ended.stderr);
      hasNone(t, ended.stdout + ended.stderr, `${Object.keys(env)} ${args}`);
    }
  }
});
