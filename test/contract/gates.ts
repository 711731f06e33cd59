import { randomUUID } from 'node:crypto';
import type { RunRequest } from '../../src/model/run.ts';
import {
  type ContractEngine,
  claim,
  count,
  importUsers,
  load,
  openRun,
  process,
  publishRequest,
  userId,
} from './context.ts';
import type { ContractTests } from './suite.ts';

/** A run over so many users, to its end. */
async function runOver(engine: ContractEngine, users: number, overrides: Partial<RunRequest> = {}): Promise<number> {
  await makeDue(engine, users);
  const { runId } = await openRun(engine, overrides);
  for (let left = users; left > 0; left -= 4) await process(engine, await claim(engine, runId));
  await engine.database.advanceRun(runId);
  return runId;
}

async function makeDue(engine: ContractEngine, users: number): Promise<void> {
  await engine.execute('DELETE FROM user_spending_data');
  await importUsers(engine, users);
}

export const gatesContract: ContractTests = {
  'gate of eligible users: it compares with the run before that was asked for alike': async (t, engine) => {
    const { database } = engine;
    const weekly = { requestedBy: 'schedule weekly' };
    const first = await runOver(engine, 12, { requestedBy: 'host:1:a' });
    t.is(await database.comparePlans(first), undefined, 'nothing was before');
    t.is(
      await database.comparePlans(await runOver(engine, 8, weekly)),
      undefined,
      'nothing of that schedule was before',
    );
    await openRun(engine, weekly); // no user is due: done at once, and nothing to compare with
    await runOver(engine, 4, { requestedBy: 'schedule nightly' });
    t.deepEqual(await database.comparePlans(await runOver(engine, 4, weekly)), { planned: 4, before: 8 });
    const byHand = await runOver(engine, 3, { requestedBy: 'host:2:b' });
    t.deepEqual(await database.comparePlans(byHand), { planned: 3, before: 12 });
  },

  'gate of eligible users: limits, dry runs and runs that did not end are compared with nothing': async (t, engine) => {
    const { database } = engine;
    await runOver(engine, 8);
    await makeDue(engine, 8);
    const limited = await openRun(engine, { userLimit: 4 });
    t.is(await database.comparePlans(limited.runId), undefined);
    await process(engine, await claim(engine, limited.runId));
    await database.advanceRun(limited.runId);
    const dry = await openRun(engine, { kind: 'dry_run' });
    t.is(await database.comparePlans(dry.runId), undefined);
    await database.changeRunState(dry.runId, 'cancelled', 'by the suite');
    const cancelled = await openRun(engine);
    await database.changeRunState(cancelled.runId, 'cancelled', 'by the suite');
    const last = await openRun(engine);
    t.deepEqual(await database.comparePlans(last.runId), { planned: 4, before: 8 });
  },

  'gate of first cards: users who had one before and are given another, over the run, before it is published': async (
    t,
    engine,
  ) => {
    const { database, execute } = engine;
    await runOver(engine, 8);
    await execute("DELETE FROM card_recommendations WHERE user_id = 'CK0000002'");
    await execute("UPDATE user_spending_data SET processing_status = 'new'");
    const { runId } = await openRun(engine);

    const same = await claim(engine, runId);
    const sameLoad = await load(engine, same);
    t.deepEqual(await database.compareFirstCards(same, sameLoad, 1_000), { known: 3, changed: 0 });
    const other = await claim(engine, runId);
    const otherLoad = await load(engine, other, { shift: 1, failed: [1] });
    t.deepEqual(await database.compareFirstCards(other, otherLoad, 1_000), { known: 6, changed: 3 });
    t.deepEqual(await database.compareFirstCards(other, otherLoad, 1_000), { known: 6, changed: 3 }, 'asked again');
    t.deepEqual(await database.compareFirstCards(other, otherLoad, 2), { known: 4, changed: 1 }, 'the first two users');
    const looked = (await engine.history.listChunks(runId, 0, 9)).find(({ chunkNo }) => chunkNo === other.chunkNo);
    t.deepEqual([looked?.firstCardsKnown, looked?.firstCardsChanged], [1, 1], 'kept for who asks later');
    t.is(await count(engine, 'card_recommendations', "rank = 1 AND card_name = 'Card 01'"), 0, 'nothing is published');

    await database.publishChunk(same, publishRequest(sameLoad));
    t.deepEqual(
      await database.compareFirstCards(other, otherLoad, 1_000),
      { known: 6, changed: 3 },
      'published counts on',
    );
    t.is(await database.compareFirstCards({ ...other, token: randomUUID() }, otherLoad, 1_000), undefined);
    t.is((await database.publishChunk(other, publishRequest(otherLoad))).state, 'done');
  },

  'the user who has a number in an open chunk: known until the chunk is closed, also after it was given back': async (
    t,
    engine,
  ) => {
    await makeDue(engine, 4);
    const { runId } = await openRun(engine);
    const lease = await claim(engine, runId);
    const find = (userNo: number, chunkNo = lease.chunkNo) => engine.audit.findChunkUser(runId, chunkNo, userNo);
    t.is(await find(2), userId(2));
    t.is(await find(5), undefined);
    t.is(await find(2, lease.chunkNo + 1), undefined);
    await engine.database.releaseChunk(lease);
    t.is(await find(4), userId(4));
    await process(engine, await claim(engine, runId));
    t.is(await find(2), undefined);
  },
};
