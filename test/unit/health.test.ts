import { createServer } from 'node:net';
import test from 'ava';
import { UsageError } from '../../src/model/errors.ts';
import { serveHealth } from '../../src/service/health.ts';

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
  let ready = false;
  await using _health = await serveHealth(address, () => ready);
  const status = async (path: string) => (await fetch(`http://${address}${path}`)).status;
  t.deepEqual([await status('/livez'), await status('/readyz'), await status('/')], [200, 503, 404]);
  ready = true;
  t.deepEqual([await status('/livez'), await status('/readyz')], [200, 200]);
  await t.throwsAsync(
    serveHealth(address, () => true),
    { instanceOf: UsageError, message: /Cannot listen on/ },
  );
});
