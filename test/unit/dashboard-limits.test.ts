import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import test from 'ava';
import type { DashboardEvent } from '../../src/dashboard/doors.ts';
import { addressCheck } from '../../src/dashboard/proxies.ts';
import { Rights } from '../../src/dashboard/rights.ts';
import { streamEvents } from '../../src/dashboard/stream.ts';
import { madeUp } from '../support/dashboard.ts';

const READ = 'read-token-of-the-test-9f3c';
const ACT = 'act-token-of-the-test-41d8a';
const METRICS = 'metrics-token-of-the-test';
const TOKENS = { read: READ, act: ACT, metrics: METRICS };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const json = { 'content-type': 'application/json' };

const signIn = (url: string, token: string, headers: Record<string, string> = {}) =>
  fetch(`${url}api/sign-in`, {
    method: 'POST',
    headers: { ...json, origin: new URL(url).origin, ...headers },
    body: JSON.stringify({ token }),
  });

test('strangers who ask too much lock out no holder of a token, and never /livez and /readyz', async t => {
  await using at = await madeUp({}, { tokens: TOKENS, requestsPerMinute: 20 });
  const status = async (path: string, headers = {}) => (await fetch(at.url + path, { headers })).status;
  let refused = 0;
  for (let i = 0; i < 60; i++) if ((await status('style.css')) === 429) refused++;
  t.true(refused >= 20, `${refused}`); // a minute may begin in between
  t.is(await status('api/lists', bearer(READ)), 200);
  t.is(await status('metrics', bearer(METRICS)), 200);
  for (let i = 0; i < 60; i++) t.is(await status('livez'), 200);
  for (let i = 0; i < 60; i++) t.is(await status('readyz'), 200);
});

test('an open stream ends when its session is signed out of, and no other does', async t => {
  await using at = await madeUp({}, { tokens: TOKENS, pollMs: 3_600_000 });
  const open = async () => {
    const cookie = (await signIn(at.url, READ)).headers.get('set-cookie')!.split(';')[0]!;
    const reader = (await fetch(`${at.url}api/events`, { headers: { cookie } })).body!.getReader();
    await reader.read();
    return { cookie, reader };
  };
  const [one, other] = [await open(), await open()];
  await fetch(`${at.url}api/sign-out`, {
    method: 'POST',
    headers: { cookie: one.cookie, origin: new URL(at.url).origin },
  });
  while (!(await one.reader.read()).done);
  t.false((await other.reader.read()).done);
  await other.reader.cancel();
});

test('an open stream ends when the time of its session is over', t => {
  const tell: ((text: string) => void)[] = [];
  const onChange = (listener: (text: string) => void) => {
    tell.push(listener);
    return () => tell.pop();
  };
  const streams = streamEvents({ text: '', onChange } as never, { perClient: 1 });
  const written: string[] = [];
  const raw = Object.assign(new EventEmitter(), {
    writableLength: 0,
    writeHead: () => {},
    write: (frame: Buffer | string) => written.push(String(frame)),
    end: () => written.push('the end'),
  });
  let mayRead = true;
  streams.open({ raw: new EventEmitter() } as never, { raw, hijack: () => {} } as never, 'c', () => mayRead);
  tell[0]!('{"first":1}');
  mayRead = false;
  tell[0]!('{"second":2}');
  t.regex(written.join(''), /first.*the end$/s);
  t.notRegex(written.join(''), /second/);
  t.is(tell.length, 0);
});

test('a session outlives a restart, ends with its token, and is gone once it was signed out of', async t => {
  const cookies = (answer: Response) => answer.headers.get('set-cookie')!.split(';')[0]!;
  let cookie: string;
  const canRead = async (url: string) =>
    ((await (await fetch(`${url}api/session`, { headers: { cookie } })).json()) as { canRead: boolean }).canRead;
  {
    await using at = await madeUp({}, { tokens: TOKENS });
    cookie = cookies(await signIn(at.url, READ));
    t.true(await canRead(at.url));
  }
  {
    await using again = await madeUp({}, { tokens: TOKENS });
    t.true(await canRead(again.url));
  }
  {
    await using other = await madeUp({}, { tokens: { ...TOKENS, read: 'another-token-of-the-test-7' } });
    t.false(await canRead(other.url), 'the token was changed');
  }
  await using at = await madeUp({}, { tokens: TOKENS });
  const out = await fetch(`${at.url}api/sign-out`, {
    method: 'POST',
    headers: { cookie, origin: new URL(at.url).origin },
  });
  t.regex(out.headers.get('set-cookie')!, /^cardgenius_session=; .*Max-Age=0/);
  t.false(await canRead(at.url), 'also who kept the cookie is out');
});

test('a session that was made longer, or good for more, is none', t => {
  const rights = new Rights({ read: READ, act: ACT }, true);
  const [cookie] = rights.signIn(READ, false)!.split(';');
  const [name, value] = cookie!.split('=') as [string, string];
  const [until, right, nonce, mac] = value.split('.');
  t.is(right, 'read');
  const can = (text: string) => rights.visitor({ cookie: `${name}=${text}` }).canRead;
  t.true(can(value));
  t.false(can(`${Number(until) + 1}.read.${nonce}.${mac}`));
  t.false(can(`${until}.act.${nonce}.${mac}`));
  t.false(can(`1.read.${nonce}.${mac}`));
  t.false(can(`${until}.read.${nonce}.`));
});

test('a session that was begun while the clock was ahead is none, once the clock is right', t => {
  const rights = new Rights({ read: READ, act: ACT }, true);
  const now = Date.now;
  Date.now = () => now() + 40 * 86_400_000;
  const cookie = rights.signIn(READ, false)!.split(';')[0]!;
  t.true(rights.visitor({ cookie }).canRead);
  Date.now = now;
  t.false(rights.visitor({ cookie }).canRead);
});

test('behind TLS the cookie is Secure: the origin of the page says so', async t => {
  await using at = await madeUp({}, { tokens: TOKENS });
  const { host } = new URL(at.url);
  t.regex((await signIn(at.url, READ, { origin: `https://${host}` })).headers.get('set-cookie')!, /; Secure$/);
  t.notRegex((await signIn(at.url, READ)).headers.get('set-cookie')!, /Secure/);
});

test('Basic of a proxy is no token: the page’s own secret stays needed', async t => {
  const audit = { retryUsers: async () => 1 };
  await using at = await madeUp({}, { audit, tokens: TOKENS });
  const cookie = (await signIn(at.url, ACT)).headers.get('set-cookie')!.split(';')[0]!;
  const answer = await fetch(`${at.url}api/retry`, {
    method: 'POST',
    headers: { ...json, cookie, origin: new URL(at.url).origin, authorization: 'Basic YTpi' },
    body: '{"code":"X"}',
  });
  t.is(answer.status, 403);
});

test('refused sign-ins, look-ups of users and acts are told with who it was; a name is taken from trusted proxies alone', async t => {
  const seen: DashboardEvent[] = [];
  const options = {
    audit: { retryUsers: async () => 3 },
    providers: { user: async () => ({ userId: 'CK1' }) },
    tokens: TOKENS,
    note: (event: DashboardEvent) => seen.push(event),
    userHeader: 'X-Forwarded-User',
  };
  const asked = async (url: string) => {
    const headers = { ...bearer(ACT), 'x-forwarded-user': 'asha@corp', 'x-forwarded-for': '203.0.113.7' };
    await signIn(url, 'wrong-token-of-the-test', headers);
    await fetch(`${url}api/user?id=CK1`, { headers });
    const all = { ...headers, ...json, origin: new URL(url).origin };
    await fetch(`${url}api/retry`, { method: 'POST', headers: all, body: '{"code":"X"}' });
  };
  {
    await using at = await madeUp({}, options);
    await asked(at.url);
  }
  t.like(seen.splice(0), [
    { type: 'sign-in-refused', person: 'the act token', address: '127.0.0.1' },
    { type: 'user-looked-up', person: 'the act token', userHash: '827680fb7dad', isFound: true },
    { type: 'acted', act: 'retry', subject: 'X', result: '3 users', person: 'the act token' },
  ]);
  await using at = await madeUp({}, { ...options, trustedProxies: ['127.0.0.0/8'] });
  await asked(at.url);
  t.like(seen, [
    { type: 'sign-in-refused', person: 'asha@corp', address: '203.0.113.7' },
    { type: 'user-looked-up', person: 'asha@corp' },
    { type: 'acted', person: 'asha@corp', address: '203.0.113.7' },
  ]);
});

test('trusted proxies are addresses and ranges, of either family', t => {
  const isTrusted = addressCheck(['10.0.0.0/8', '192.168.1.7', 'fd00::/8']);
  for (const address of ['10.1.2.3', '192.168.1.7', 'fd12::1', '::ffff:10.1.2.3']) t.true(isTrusted(address), address);
  for (const address of ['11.1.2.3', '192.168.1.8', 'fe80::1', '', 'x']) t.false(isTrusted(address), address);
  t.false(addressCheck([])('127.0.0.1'));
});

test('a socket that sends nothing, a head and a body that never end are closed', async t => {
  await using at = await madeUp({}, { tokens: TOKENS, requestTimeoutMs: 60 });
  const { port } = new URL(at.url);
  const closed = async (start: string) => {
    const socket = connect(Number(port), '127.0.0.1');
    if (start !== '') socket.write(start);
    socket.resume().on('error', () => {});
    await once(socket, 'close');
  };
  await closed('');
  await closed('GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  await closed(
    'POST /api/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  );
  t.pass();
});

test('one client has so many streams and no more; another still gets one; no proxy may hold their events back', async t => {
  await using at = await madeUp({}, { tokens: TOKENS, streamsPerClient: 2 });
  const open = (token: string) => fetch(`${at.url}api/events`, { headers: bearer(token) });
  const [first, second, third, other] = [await open(READ), await open(READ), await open(READ), await open(ACT)];
  t.deepEqual(
    [first, second, third, other].map(({ status }) => status),
    [200, 200, 503, 200],
  );
  t.is(first.headers.get('x-accel-buffering'), 'no');
  t.regex(first.headers.get('cache-control')!, /no-transform/);
  for (const answer of [first, second, third, other]) await answer.body!.cancel();
});

test('who falls behind gets the newest frame once there is room', t => {
  let tell = (_text: string) => {};
  const watch = {
    text: '{"n":1}',
    onChange: (listener: typeof tell) => {
      tell = text => {
        watch.text = text;
        listener(text);
      };
      return () => {};
    },
  };
  const raw = Object.assign(new EventEmitter(), {
    writableLength: 0,
    sent: [] as string[],
    writeHead: () => {},
    write: (frame: Buffer | string) =>
      raw.sent.push(
        String(frame)
          .replace(/"at":\d+,/, '')
          .trim(),
      ),
  });
  const streams = streamEvents(watch as never, { perClient: 1 });
  streams.open({ raw: new EventEmitter() } as never, { raw, hijack: () => {} } as never, 'a', () => true);
  raw.writableLength = 2_000_000;
  tell('{"n":2}');
  tell('{"n":3}');
  raw.writableLength = 0;
  raw.emit('drain');
  raw.emit('drain');
  t.deepEqual(raw.sent, ['retry: 1000', 'data: {"n":1}', 'data: {"n":3}']);
});
