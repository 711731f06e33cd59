import { createServer } from 'node:net';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import test from 'ava';
import { loadSettings } from '../../src/config/settings.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { DatabaseError, UsageError } from '../../src/model/errors.ts';
import { CurrentEngine } from '../../src/serve/current-engine.ts';
import { FleetClock } from '../../src/serve/fleet-clock.ts';
import { serveHealth } from '../../src/serve/health.ts';
import { Service } from '../../src/serve/service.ts';
import { madeUp } from '../support/dashboard.ts';
import { copyDatabase } from '../support/kept.ts';

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>(resolve => server.close(() => resolve()));
  return port;
}

test('health: alive at once, ready when the database answers, and nothing else', async t => {
  const address = `127.0.0.1:${await freePort()}`;
  let trouble: string | undefined = 'NOT_ASKED_YET';
  await using _health = await serveHealth(address, () => trouble);
  const status = async (path: string) => (await fetch(`http://${address}${path}`)).status;
  t.deepEqual([await status('/livez'), await status('/readyz'), await status('/')], [200, 503, 404]);
  const body = async (at: string) => (await fetch(at)).json();
  const notReady = { status: 'not ready', reasons: [{ check: 'database', code: 'NOT_ASKED_YET' }] };
  t.deepEqual(await body(`http://${address}/readyz`), notReady);
  trouble = undefined;
  t.deepEqual([await status('/livez'), await status('/readyz')], [200, 200]);
  await using dashboard = await madeUp();
  for (const path of ['livez', 'readyz'])
    t.deepEqual(
      await body(`http://${address}/${path}`),
      (await body(dashboard.url + path)) as object,
      `${path}: one body`,
    );
  await t.throwsAsync(
    serveHealth(address, () => undefined),
    { instanceOf: UsageError, message: /Cannot listen on/ },
  );
});

test('/readyz is 503 while the database answers bids and cannot be read, and 200 once it can be', async t => {
  await using opened = await openDatabase(`pglite:${await copyDatabase('migrated')}`, {});
  const settings = await loadSettings({ env: {}, cwd: import.meta.dirname });
  const events = new EventTarget();
  const seen = (name: string) => new Promise(resolve => events.addEventListener(name, resolve, { once: true }));
  let canRead = false;
  const database = {
    ...opened.database,
    readRun: async (...about: Parameters<typeof opened.database.readRun>) => {
      if (!canRead) throw new DatabaseError('POSTGRES_57014', 'a read takes too long', 'transient');
      const run = await opened.database.readRun(...about);
      events.dispatchEvent(new Event('read'));
      return run;
    },
  };
  const service = new Service({
    database,
    coordination: opened.coordination,
    settings,
    schedules: [],
    fireLateSeconds: 60,
    engine: new CurrentEngine(settings, () => {}),
    check: () => Promise.reject(new Error('no schedule asks for it')),
    clock: new FleetClock(),
    processor: { id: 'here', host: 'here', pid: 1, version: '1' },
    onEvent: event => events.dispatchEvent(new Event(event.type)),
    batchListener: () => {},
  });
  const address = `127.0.0.1:${await freePort()}`;
  await using _health = await serveHealth(address, () => service.notReady);
  const ready = async () => {
    const answer = await fetch(`http://${address}/readyz`);
    return [answer.status, await answer.json()];
  };
  const notReady = (code: string) => [503, { status: 'not ready', reasons: [{ check: 'database', code }] }];
  t.deepEqual(await ready(), notReady('NOT_ASKED_YET'));

  const stop = new AbortController();
  const both = Promise.all([seen('leader'), seen('trouble')]);
  const life = service.run(stop.signal);
  await both;
  for (; service.notReady === 'NOT_ASKED_YET'; ) await seen('trouble'); // the bid's step may still be on its way
  t.deepEqual(await ready(), notReady('POSTGRES_57014'));
  canRead = true;
  await seen('read');
  for (; service.notReady !== undefined; ) await turnOfTheLoop();
  t.deepEqual((await ready())[0], 200);
  stop.abort();
  await life;
});
