import { createServer } from 'node:net';
import test from 'ava';
import { UsageError } from '../../src/model/errors.ts';
import { serveHealth } from '../../src/serve/health.ts';
import { madeUp } from '../support/dashboard.ts';

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
