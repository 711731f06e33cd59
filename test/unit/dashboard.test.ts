import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import test from 'ava';
import { AnswerCache } from '../../src/dashboard/answer-cache.ts';
import { RateLimit } from '../../src/dashboard/rate-limit.ts';
import { DatabaseError, UsageError } from '../../src/model/errors.ts';
import { figuresOf, stageTotals } from '../../src/telemetry/figures.ts';
import { aChunk, aRun, madeUp, START } from '../support/dashboard.ts';

const READ = 'read-token-of-the-test';
const ACT = 'act-token-of-the-test';
const METRICS = 'metrics-token-of-the-test';
const after = (seconds: number) => new Date(START.getTime() + seconds * 1000);

test('figures: speed of late and on average, time left as a range, throughput that adds up', t => {
  const chunks = [
    aChunk({ state: 'done', completed: 90, failed: 10, closedAt: after(10) }),
    aChunk({ chunkNo: 2, state: 'done', completed: 200, closedAt: after(95) }),
  ];
  const figures = figuresOf(aRun({ completed: 290, plannedUsers: 600 }), chunks, after(100));
  t.like(figures, { done: 300, seconds: 100, now: 20, average: 3, silentSeconds: 5 });
  t.like(figuresOf(aRun(), [], after(7)), { silentSeconds: 7, atWork: 0 }, 'none is closed yet');
  const leased = aChunk({ chunkNo: 3, state: 'leased', startedAt: after(98), leaseUntil: after(158) });
  t.like(figuresOf(aRun(), [...chunks, leased], after(100)), { silentSeconds: 2, atWork: 1 });
  t.like(figuresOf(aRun(), [...chunks, leased], after(200)), { silentSeconds: 105, atWork: 0 }, 'who held it is dead');
  t.deepEqual(figures.left, { low: 13.5, high: 110.00000000000001 });
  t.is(Math.round(figures.stepSeconds * 48), 95, 'the curve ends with the last chunk');
  const sum = figures.throughput.reduce((users, speed) => users + speed * figures.stepSeconds, 0);
  t.true(Math.abs(sum - 300) < 10, `${sum}`);

  const over = figuresOf(aRun({ state: 'done', finishedAt: after(50) }), chunks, after(1000));
  t.like(over, { seconds: 50, now: 0, left: null, silentSeconds: 0 });
});

test('stage times: what is not computing, loading or publishing was claiming and reading', t => {
  const attempt = {
    chunkNo: 1,
    attempt: 1,
    leaseOwner: 'a',
    outcome: 'done',
    startedAt: START,
    endedAt: after(1),
    computeMs: 300,
    loadMs: 200,
    publishMs: 400,
    errorCode: null,
    errorMessage: null,
  } as const;
  t.deepEqual(stageTotals([attempt, { ...attempt, outcome: 'failed' }]), {
    waiting: 100,
    compute: 300,
    load: 200,
    publish: 400,
  });
});

test('without a token this machine may look; no other name for it may', async t => {
  await using at = await madeUp();
  const page = await fetch(at.url);
  t.is(page.status, 200);
  t.regex(page.headers.get('content-security-policy')!, /default-src 'none'; script-src 'self'/);
  t.is(page.headers.get('x-frame-options'), 'DENY');
  t.is((await fetch(`${at.url}api/lists`)).status, 200);
  t.is(await statusAs(`${at.url}api/lists`, { host: 'evil.example' }), 401);
  t.is((await fetch(`${at.url}../package.json`)).status, 404);
});

test('without a token no visitor is let in through a proxy, though it asks from this machine; with one it is as ever', async t => {
  await using open = await madeUp();
  await using guarded = await madeUp({}, { tokens: { read: READ, act: undefined } });
  const host = '127.0.0.1:8787';
  const hops =
    'x-forwarded-for x-forwarded-host x-forwarded x-real-ip forwarded forwarded-for via x-original-forwarded-for x-original-host x-original-url ' +
    'cdn-loop x-proxyuser-ip cf-connecting-ip cf-ray true-client-ip fastly-client-ip x-client-ip x-cluster-client-ip x-appengine-user-ip ' +
    'x-azure-clientip x-azure-socketip x-envoy-external-address x-arr-log-id x-amzn-trace-id x-request-id x-b3-traceid traceparent ' +
    'x-haproxy-server x-varnish surrogate-capability x-goog-authenticated-user-email x-nf-client-connection-ip proxy-connection';
  for (const added of hops.split(' ')) {
    const headers = { host, [added]: '203.0.113.7' };
    for (const path of ['api/lists', 'api/user?id=CK1', 'api/events', 'metrics']) {
      const refused = await fetch(open.url + path, { headers });
      t.is(refused.status, 401, `${added} ${path}`);
      t.deepEqual(await refused.json(), { error: 'PROXY_NEEDS_TOKEN' });
    }
    t.like(await (await fetch(`${open.url}api/session`, { headers })).json(), {
      canRead: false,
      canAct: false,
      refusal: 'PROXY_NEEDS_TOKEN',
    });
    const signed = { ...headers, authorization: `Bearer ${READ}` };
    t.is((await fetch(`${guarded.url}api/lists`, { headers: signed })).status, 200, added);
  }
  t.regex(await asOldNginx(open.url), /^HTTP\/1\.\d 401 .*PROXY_NEEDS_TOKEN/s);
});

test('the token for metrics is good for /metrics and nothing else; that for reading still is, too', async t => {
  await using at = await madeUp({}, { tokens: { read: READ, act: ACT, metrics: METRICS } });
  const status = async (path: string, token: string) =>
    (await fetch(at.url + path, { headers: { authorization: `Bearer ${token}` } })).status;
  t.deepEqual(
    [await status('metrics', METRICS), await status('metrics', READ), await status('metrics', ACT)],
    [200, 200, 200],
  );
  for (const path of ['api/lists', 'api/events', 'api/user?id=CK1']) t.is(await status(path, METRICS), 401, path);
  t.is(await status('metrics', 'wrong-token-of-the-test'), 401);
  const signIn = await fetch(`${at.url}api/sign-in`, {
    method: 'POST',
    headers: { origin: at.url.slice(0, -1), 'content-type': 'application/json' },
    body: JSON.stringify({ token: METRICS }),
  });
  t.is(signIn.status, 401);
});

test('with tokens: reading and acting are separate rights', async t => {
  const retried: unknown[] = [];
  const audit = { retryUsers: async (filter: unknown) => retried.push(filter) };
  await using at = await madeUp({}, { audit, tokens: { read: READ, act: ACT } });
  const origin = at.url.slice(0, -1);
  for (const path of ['api/lists', 'api/events', 'metrics', 'api/user?id=CK1'])
    t.is((await fetch(at.url + path)).status, 401, path);
  const bearer = (token: string) => ({ authorization: `Bearer ${token}`, origin, 'content-type': 'application/json' });
  t.is((await fetch(`${at.url}metrics`, { headers: bearer(READ) })).status, 200);
  t.is((await fetch(`${at.url}metrics`, { headers: bearer('wrong-token-of-the-test') })).status, 401);

  const retry = async (headers: Record<string, string>, body: object = { code: 'INVALID_SPENDING' }) =>
    (await fetch(`${at.url}api/retry`, { method: 'POST', headers, body: JSON.stringify(body) })).status;
  t.is(await retry(bearer(READ)), 403);
  t.is(await retry({ ...bearer(ACT), origin: 'http://evil.example' }), 403);
  t.is(await retry(bearer(ACT), { code: 'x; DROP' }), 400);
  t.deepEqual(retried, []);
  t.is(await retry(bearer(ACT)), 200);
  t.deepEqual(retried, [{ runId: null, userId: null, code: 'INVALID_SPENDING' }]);

  const signIn = (token: string) =>
    fetch(`${at.url}api/sign-in`, { method: 'POST', headers: bearer('none'), body: JSON.stringify({ token }) });
  t.is((await signIn('wrong-token-of-the-test')).status, 401);
  const cookie = (await signIn(ACT)).headers.get('set-cookie')!;
  t.regex(cookie, /; HttpOnly; SameSite=Strict/);
  const mine = { cookie: cookie.split(';')[0]!, origin, 'content-type': 'application/json' };
  t.is(await retry(mine), 403, 'a cookie alone is not enough');
  const { csrf } = (await (await fetch(`${at.url}api/session`, { headers: mine })).json()) as { csrf: string };
  t.is(await retry({ ...mine, 'x-csrf-token': csrf }), 200);
  for (let i = 0; i < 9; i++) await signIn('wrong-token-of-the-test');
  t.is((await signIn('wrong-token-of-the-test')).status, 429);
  t.is((await signIn(ACT)).status, 200, 'others’ wrong ones lock out no holder of the token');
});

test('run now: a visitor who may act fires a schedule, under the page’s own secret; any other does not', async t => {
  const fired: string[] = [];
  const runNow = async (schedule: string) => {
    if (schedule !== 'weekly') throw new UsageError('NO_SUCH_SCHEDULE', 'There is no such schedule.');
    fired.push(schedule);
    return { decision: 'manual' as const, runId: 8 };
  };
  await using at = await madeUp({}, { runNow, tokens: { read: READ, act: ACT } });
  const origin = at.url.slice(0, -1);
  const fire = (headers: Record<string, string>, schedule: unknown = 'weekly') => {
    const all = { origin, 'content-type': 'application/json', ...headers };
    return fetch(`${at.url}api/run-now`, { method: 'POST', headers: all, body: JSON.stringify({ schedule }) });
  };
  t.is((await fire({})).status, 401);
  t.is((await fire({ authorization: `Bearer ${READ}` })).status, 403);
  t.is((await fire({ authorization: `Bearer ${ACT}`, origin: 'http://evil.example' })).status, 403);
  t.is((await fire({ authorization: `Bearer ${ACT}` }, 7)).status, 400);
  const unknown = await fire({ authorization: `Bearer ${ACT}` }, 'daily');
  t.is(unknown.status, 404);
  t.deepEqual(await unknown.json(), { error: 'NO_SUCH_SCHEDULE' });
  t.deepEqual(fired, []);
  const done = await fire({ authorization: `Bearer ${ACT}` });
  t.deepEqual(await done.json(), { decision: 'manual', runId: 8 });

  const signIn = await fetch(`${at.url}api/sign-in`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify({ token: ACT }),
  });
  const cookie = signIn.headers.get('set-cookie')!.split(';')[0]!;
  t.is((await fire({ cookie })).status, 403, 'a cookie alone is not enough');
  const { csrf } = (await (await fetch(`${at.url}api/session`, { headers: { cookie } })).json()) as { csrf: string };
  t.is((await fire({ cookie, 'x-csrf-token': csrf })).status, 200);
  t.deepEqual(fired, ['weekly', 'weekly']);

  await using noService = await madeUp();
  const refused = await fetch(`${noService.url}api/run-now`, {
    method: 'POST',
    headers: { origin: noService.url.slice(0, -1), 'content-type': 'application/json' },
    body: JSON.stringify({ schedule: 'weekly' }),
  });
  t.is(refused.status, 403, 'where no processor serves, none fires');
});

test('lists: a section that cannot be had says its code, and the others are there; what was done is seen at once', async t => {
  let failed = 2;
  const audit = { retryUsers: async () => failed-- };
  const providers = {
    failures: async () => [{ users: failed }],
    alerts: async () => Promise.reject(new DatabaseError('MSSQL_229', 'svc_cards may not', 'permanent')),
  };
  await using at = await madeUp({}, { audit, providers });
  const lists = async () => (await fetch(`${at.url}api/lists`)).json();
  t.like(await lists(), { failures: [{ users: 2 }], alerts: { error: 'MSSQL_229' }, runs: [{ runId: 7 }] });
  const origin = at.url.slice(0, -1);
  const { csrf } = (await (await fetch(`${at.url}api/session`)).json()) as { csrf: string };
  const headers = { origin, 'content-type': 'application/json', 'x-csrf-token': csrf };
  await fetch(`${at.url}api/retry`, { method: 'POST', headers, body: JSON.stringify({ code: 'X' }) });
  t.like(await lists(), { failures: [{ users: 1 }] });
});

test('health says why, and nothing that is said names a server or a login', async t => {
  await using at = await madeUp();
  t.is((await fetch(`${at.url}readyz`)).status, 200);
  at.scene.away = true;
  await turn(at.dashboard, at.url);
  t.is((await fetch(`${at.url}livez`)).status, 200);
  const ready = await fetch(`${at.url}readyz`);
  t.is(ready.status, 503);
  t.deepEqual(await ready.json(), { status: 'not ready', reasons: [{ check: 'database', code: 'DATABASE_AWAY' }] });
  const lists = await fetch(`${at.url}api/lists`);
  t.deepEqual(await lists.json(), { runs: { error: 'DATABASE_AWAY' } });
  at.scene.away = false;
  t.is((await fetch(`${at.url}readyz`)).status, 200);
});

test('metrics tell of events and of the database', async t => {
  await using at = await madeUp({ chunks: [aChunk(), aChunk({ chunkNo: 2, state: 'leased' })] });
  const result = { state: 'done', users: 9, completed: 7, failed: 2, changed: 0, gone: 0, rowsWritten: 70, rowsUnchanged: 0 } as const; // biome-ignore format: one line
  const stages = { claim: 1, read: 2, compute: 30, load: 40, publish: 500 };
  at.dashboard.listener({ type: 'chunk-published', chunkNo: 1, result, stages });
  at.dashboard.listener({ type: 'lease-lost', chunkNo: 1 });
  at.dashboard.listener({ type: 'chunk-retried', chunkNo: 1, stage: 'load', code: 'X', errorClass: 'transient', message: '', delayMs: 1 }); // biome-ignore format: one line
  await fetch(`${at.url}readyz`);
  const text = await (await fetch(`${at.url}metrics`)).text();
  for (const line of [
    'cardgenius_users_total{outcome="completed"} 7',
    'cardgenius_rows_total{outcome="written"} 70',
    'cardgenius_retries_total{class="transient"} 1',
    'cardgenius_lease_losses_total 1',
    'cardgenius_stage_duration_seconds_sum{stage="publish"} 0.5',
    'cardgenius_chunks{state="leased"} 1',
    'cardgenius_run_users{outcome="planned"} 400',
    'cardgenius_database_up 1',
  ])
    t.true(text.includes(`\n${line}\n`), line);
  t.regex(text, /^cardgenius_build_info\{version="1\.2\.3",node="v24/m);
});

test('one answer serves all requests within a while; a failure does not; a request meanwhile waits for the same', async t => {
  let asked = 0;
  const shared = new AnswerCache(async () => {
    if (++asked === 1) throw new Error('away');
    await turnOfTheLoop();
    return asked;
  }, 60_000);
  await t.throwsAsync(shared.get(), { message: 'away' });
  t.deepEqual(await Promise.all([shared.get(), shared.get(), shared.get()]), [2, 2, 2]);
  t.is(await shared.get(), 2);
  shared.forget();
  t.is(await shared.get(), 3);
});

test('too many requests of an address are refused until the minute is over', t => {
  let now = 0;
  const limit = new RateLimit(2, () => now);
  t.deepEqual([limit.allows('a'), limit.allows('a'), limit.allows('a'), limit.allows('b')], [true, true, false, true]);
  now = 60_000;
  t.true(limit.allows('a'));
});

/** Until the dashboard has seen that the database is away. */
async function turn(_dashboard: unknown, url: string): Promise<void> {
  while ((await fetch(`${url}readyz`)).status !== 503);
}

/** What `proxy_pass` of nginx sends where nothing else is said: HTTP/1.0, our own address for Host, and no word of who asks. */
async function asOldNginx(url: string): Promise<string> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(`GET /api/lists HTTP/1.0\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return text(socket);
}

/** fetch sets Host itself. */
function statusAs(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, answer => {
      answer.resume();
      resolve(answer.statusCode!);
    })
      .on('error', reject)
      .end();
  });
}
