import { type AddressInfo, createServer } from 'node:net';
import test from 'ava';
import { type Channel, openChannels, textOf } from '../../src/alerts/channels.ts';
import {
  AskedToWait,
  LONGEST_WAIT_MS,
  RefusedForGood,
  retryAfterMs,
  useProxyOfEnvironment,
} from '../../src/alerts/http-post.ts';
import type { Notice } from '../../src/alerts/notice.ts';
import { Notifier, type Trouble } from '../../src/alerts/notifier.ts';
import { applyEnvironment } from '../../src/config/environment.ts';
import { checkConfig } from '../../src/config/settings.ts';
import { CardGeniusError } from '../../src/model/errors.ts';
import { asciiText, printable } from '../../src/model/printable.ts';
import { Secret } from '../../src/model/secret.ts';
import { startHttp, startSmtp } from '../support/receivers.ts';

const since = new Date('2026-11-23T03:00:00Z');
const NOTICE: Notice = {
  ...{ state: 'opened', rule: 'run_failed', subject: 'run 7', severity: 'critical', message: 'm', look: 'x' },
  since,
  at: since,
} as Notice;
const chat = (url: string): Channel => openChannels({ slack: { url: new Secret(url) } })[0]!;

test('an alert that is over says from when to when, and what it said while it was open', t => {
  const at = new Date('2026-11-23T03:12:00Z');
  const text = textOf({ ...NOTICE, state: 'closed', message: '2 % of the users of run 7 fail.', at });
  t.is(
    text,
    '[CardGenius, over] run failed: run 7\nIt is over: from 2026-11-23T03:00:00.000Z to 2026-11-23T03:12:00.000Z.\nIt said: 2 % of the users of run 7 fail.',
  );
  t.regex(
    textOf(NOTICE),
    /\nm\nSince 2026-11-23T03:00:00\.000Z\. Look at: x\nWhat to do: docs\/operations\.md#run_failed$/,
  );
});

test('a redirect is not followed: neither the body nor its key goes elsewhere', async t => {
  await using elsewhere = await startHttp();
  for (const status of [301, 302, 303, 307, 308]) {
    await using http = await startHttp(() => status, { location: elsewhere.url });
    const error = await t.throwsAsync(chat(`${http.url}Marker7Xq`).send(NOTICE, 'id'), { instanceOf: RefusedForGood });
    t.regex(error.message, new RegExp(`answered ${status}: it is elsewhere`));
  }
  t.is(elsewhere.items.length, 0);
});

test('Retry-After is obeyed, as seconds or as a date, up to a limit, and said aloud', async t => {
  const now = Date.parse('2026-11-23T03:00:00Z');
  t.is(retryAfterMs('40', now), 40_000);
  t.is(retryAfterMs('Mon, 23 Nov 2026 03:00:09 GMT', now), 9_000);
  t.is(retryAfterMs('Monday, 23-Nov-26 03:00:09 GMT', now), 9_000);
  t.is(retryAfterMs('Mon Nov 23 03:00:09 2026', now), 9_000, 'this form is in UTC without saying so');
  t.is(retryAfterMs('Mon, 23 Nov 2026 02:00:00 GMT', now), 0);
  for (const text of [null, '', 'soon', '-5', '1e9']) t.is(retryAfterMs(text, now), undefined, `${text}`);

  await using http = await startHttp(() => 429, { 'retry-after': '2592000' });
  const error = await t.throwsAsync(chat(http.url).send(NOTICE, 'id'), { instanceOf: AskedToWait });
  t.is((error as AskedToWait).waitMs, LONGEST_WAIT_MS);
  t.is(error.message, 'the receiver answered 429, and asks to wait 2592000 s; 900 s are waited');
});

test.serial('a notifier waits as long as its receiver asks', async t => {
  const troubles: string[] = [];
  const channel: Channel = {
    name: 'slow',
    send: async () => {
      throw new AskedToWait('wait', 600_000);
    },
  };
  const pauses: (number | undefined)[] = [];
  const { setTimeout: real } = globalThis;
  globalThis.setTimeout = ((work: () => void, milliseconds?: number) => {
    pauses.push(milliseconds);
    return real(work, milliseconds);
  }) as typeof setTimeout;
  const { promise, resolve } = Promise.withResolvers<void>();
  const onTrouble = ({ message }: Trouble) => {
    troubles.push(message);
    setImmediate(resolve);
  };
  const notifier = new Notifier({ channels: [channel], onTrouble, retryMs: 1 });
  notifier.notify(NOTICE);
  await promise;
  globalThis.setTimeout = real;
  t.deepEqual(troubles, ['wait']);
  t.true(pauses.includes(600_000));
  t.false(pauses.includes(1));
  notifier[Symbol.asyncDispose]();
});

for (const answer of ['450 greylisted', '550 unknown']) {
  test(`a mail that one of two receivers gets is sent again to the other alone: ${answer}`, async t => {
    let isRefused = true;
    await using smtp = await startSmtp(undefined, address =>
      isRefused && address.startsWith('gone') ? answer : '250 ok',
    );
    const to = ['"Rao, Asha" <oncall@example.com>', 'gone@example.com'];
    const [email] = openChannels({ email: { smtp: new Secret(smtp.url), from: 'batch@here.example', to } });
    const error = await t.throwsAsync(email!.send(NOTICE, 'one'), { instanceOf: CardGeniusError });
    t.regex(error.message, /^the mail server answered (450|550); the others were told; not told: gone@example\.com$/);
    t.is(error instanceof RefusedForGood, answer.startsWith('5'));
    isRefused = false;
    await email!.send(NOTICE, 'one');
    await email!.send(NOTICE, 'two');
    t.deepEqual(
      smtp.items.map(mail => mail.to),
      [['oncall@example.com'], ['gone@example.com'], ['oncall@example.com', 'gone@example.com']],
    );
  });
}

test('a mail server off this machine without TLS gets nothing, unless allowInsecure stands beside it', async t => {
  await using smtp = await startSmtp();
  // 127.0.0.1 by a name that does not say so.
  const url = `${smtp.url.replace('127.0.0.1', '127.1')}`.replace('smtp://', 'smtp://user:Marker7Xq@');
  const mail = { smtp: new Secret(url.replace('127.1', '0.0.0.0')), from: 'a@b.example', to: ['c@d.example'] };
  const error = await t.throwsAsync(openChannels({ email: mail })[0]!.send(NOTICE, 'id'));
  t.notRegex(error.message, /Marker7Xq/);
  t.is(smtp.items.length, 0);
  const open = { ...mail, smtp: new Secret(mail.smtp.reveal().replace('user:Marker7Xq@', '')), allowInsecure: true };
  await openChannels({ email: open })[0]!.send(NOTICE, 'id');
  t.is(smtp.items.length, 1);
});

test('no error of a channel holds what its address holds', async t => {
  const settings = {
    webhook: { url: new Secret('http://127.0.0.1:1/Marker7Xq?k=Marker7Xq'), secret: new Secret('Marker7XqMarker7Xq') },
    slack: { url: new Secret('http://Marker7Xq.invalid/Marker7Xq') },
    teams: { url: new Secret('http://user:Marker7Xq@127.0.0.1:1/') },
    email: { smtp: new Secret('smtp://user:Marker7Xq@127.0.0.1:1'), from: 'a@b.example', to: ['c@d.example'] },
  };
  for (const channel of openChannels(settings)) {
    const error = await t.throwsAsync(channel.send(NOTICE, 'id'), { instanceOf: CardGeniusError });
    t.notRegex(`${error.message} ${error.stack} ${String(error.cause)}`, /Marker7Xq/i, channel.name);
  }
});

test.serial('a proxy of the environment is asked', async t => {
  const asked: string[] = [];
  const proxy = createServer(socket => {
    socket.once('data', data => {
      asked.push(data.toString().split('\r\n')[0]!);
      socket.end('HTTP/1.1 502 no\r\n\r\n');
    });
    socket.on('error', () => {});
  });
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const restore = useProxyOfEnvironment({ HTTPS_PROXY: `http://127.0.0.1:${port}` });
  try {
    await t.throwsAsync(chat('https://hooks.example/x').send(NOTICE, 'id'), { code: 'ALERT_REFUSED' });
  } finally {
    restore();
    proxy.close();
  }
  t.deepEqual(asked, ['CONNECT hooks.example:443 HTTP/1.1']);
});

const WRONG: Readonly<Record<string, [alerts: object, message: RegExp]>> = {
  'a webhook in the clear to another machine': [
    { slack: { url: 'http://hooks.example/T1' } },
    /alerts\.slack\.url: is http:\/\/ to another machine.* allowInsecure: true beside it/,
  ],
  'a password in a webhook': [
    { teams: { url: 'https://u:Marker7Xq@hooks.example/' } },
    /teams\.url: must hold no user/,
  ],
  'a receiver without an address': [
    { email: { smtp: 'smtp://h', from: 'a@b.example', to: ['Rao, Asha <a@b.example>'] } },
    /email\.to\.0: must be one address/,
  ],
};
for (const [title, [alerts, message]] of Object.entries(WRONG)) {
  test(`wrong: ${title}`, t => {
    const error = t.throws(() => checkConfig({ alerts }, 'cron.config.ts'), { code: 'CONFIG_INVALID', message });
    t.notRegex(error.message, /Marker7Xq/);
  });
}

test('right: a webhook in the clear on this machine, or where allowInsecure stands beside it', t => {
  for (const url of ['http://127.0.0.1:9/x', 'http://[::1]:9/', 'http://localhost/']) {
    t.notThrows(() => checkConfig({ alerts: { slack: { url } } }, 'f'));
  }
  const env = { CARDGENIUS_ALERTS_SLACK_URL: 'http://relay/x', CARDGENIUS_ALERTS_SLACK_ALLOW_INSECURE: 'true' };
  const { config } = applyEnvironment({}, env, '.');
  t.true(checkConfig(config, 'f').alerts.slack?.allowInsecure);
});

test('receivers in the environment: a comma within quotes belongs to a name', t => {
  const env = { CARDGENIUS_ALERTS_EMAIL_TO: '"Rao, Asha" <asha@example.com>, ops@example.com' };
  const { config } = applyEnvironment({}, env, '.');
  t.deepEqual((config as { alerts: { email: { to: string[] } } }).alerts.email.to, [
    '"Rao, Asha" <asha@example.com>',
    'ops@example.com',
  ]);
});

test('what a column of ASCII takes is spelled in it: a rupee sign is Rs., an accent falls, and only what has no spelling is a question mark', t => {
  t.is(
    asciiText('flípkart “below” ₹500 – ₹ 1,000\u2026\nadd café ≥ 2 × 3 → हिन्दी'),
    'flipkart "below" Rs. 500 - Rs. 1,000... add cafe >= 2 x 3 -> ?',
  );
});

test('what goes to a terminal moves nothing there', t => {
  t.is(printable('a\x1b[2J\x1b]0;title\x07b\u009bc\u202ed'), 'a\\u001b[2J\\u001b]0;title\\u0007b\\u009bc\\u202ed');
  t.is(printable('two\nlines\tand \x1b[31mred\x1b[39m ₹ é 😀'), 'two\nlines\tand \x1b[31mred\x1b[39m ₹ é 😀');
});
