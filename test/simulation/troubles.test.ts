import test from 'ava';
import type { ComputePool } from '../../src/batch/run-batch.ts';
import { DatabaseError } from '../../src/model/errors.ts';
import { refuseByTrigger, userId } from '../contract/context.ts';
import { CHUNK, createWorld, GOOD, inThisThread, tellAll, USERS } from './stories.ts';

test.serial(
  'a run stopped at every await while the database refuses the cards of one user, who is isolated and fails alone',
  async t => {
    t.timeout(600_000);
    const world = await createWorld();
    await refuseByTrigger(world, 'card_recommendations', `{row}.user_id = '${userId(5)}'`);
    const { faults, places } = await tellAll(t, world, { completed: USERS - 1, failed: 1 });
    t.deepEqual(faults, []);
    t.true(places.get('publishChunk')! > 3 * 2, 'spans were published one by one');
    await world.database.close();
  },
);

test.serial('a run stopped at every await while a chunk fails for good, and its users with it', async t => {
  t.timeout(600_000);
  const world = await createWorld();
  let poison: string | undefined;
  const compute: ComputePool['compute'] = async chunk => {
    poison ??= chunk.amounts.join();
    if (chunk.amounts.join() === poison) throw new DatabaseError('POSTGRES_22003', 'out of range', 'data');
    return inThisThread.compute(chunk, () => {});
  };
  const setting = { completed: USERS - CHUNK, failed: CHUNK, pool: () => ({ ...inThisThread, compute }) };
  const { faults, places } = await tellAll(t, world, setting);
  t.deepEqual(faults, []);
  t.is(places.get('failChunk'), 2);
  await world.database.close();
});

test.serial('a run stopped at every await while A is told to stop, and gives back what it has', async t => {
  t.timeout(600_000);
  const world = await createWorld();
  const pool = (stop: AbortController, processor: string): ComputePool => {
    let chunks = 0;
    const compute: ComputePool['compute'] = async chunk => {
      if (processor === 'A' && ++chunks === 2) stop.abort();
      return inThisThread.compute(chunk, () => {});
    };
    return { ...inThisThread, compute };
  };
  const { faults, places } = await tellAll(t, world, { ...GOOD, pool });
  t.deepEqual(faults, []);
  t.is(places.get('releaseChunk'), 2);
  await world.database.close();
});
