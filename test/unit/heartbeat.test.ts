import { once } from 'node:events';
import test from 'ava';
import { Heartbeat } from '../../src/batch/heartbeat.ts';
import type { BatchDatabase } from '../../src/database/batch.ts';
import { LeaseLostError } from '../../src/model/errors.ts';

const LEASE = { runId: 1, chunkNo: 2, leaseToken: 'a', attempt: 1, users: 1 } as never;

async function endOf(renewLease: () => Promise<boolean>): Promise<LeaseLostError> {
  const heartbeat = new Heartbeat({ renewLease } as unknown as BatchDatabase, LEASE, 1);
  const awake = setInterval(() => {}, 60_000); // its own timer keeps no program alive
  await once(heartbeat.signal, 'abort');
  clearInterval(awake);
  await heartbeat.stop();
  return heartbeat.signal.reason as LeaseLostError;
}

test('a lease that ends because nothing has moved says for how long; one that cannot be renewed does not', async t => {
  const stuck = await endOf(async () => true);
  t.true(stuck instanceof LeaseLostError);
  t.is(stuck.stuckSeconds, 1);
  const away = await endOf(async () => {
    throw new Error('away');
  });
  t.is(away.stuckSeconds, undefined);
});
