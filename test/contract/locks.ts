/** Which sessions wait for which while a chunk is published: a row that the test holds keeps the publish under way for as long as it takes. */
import {
  type ContractEngine,
  claim,
  count,
  expireLeases,
  importUsers,
  load,
  openRun,
  process,
  publishRequest,
  type Session,
  userId,
} from './context.ts';
import type { ContractTests } from './suite.ts';

/** Three chunks of four users with cards of last week and new spends; the first is claimed and loaded, its second user failed. */
async function secondWeek(engine: ContractEngine) {
  await importUsers(engine, 12);
  const { runId: first } = await openRun(engine);
  for (let chunk = 0; chunk < 3; chunk++) await process(engine, await claim(engine, first));
  await engine.database.advanceRun(first);
  await importUsers(engine, 12, n => n * 300);
  const { runId } = await openRun(engine);
  const lease = await claim(engine, runId);
  return { runId, lease, loadNo: await load(engine, lease, { shift: 1, failed: [2] }) };
}

/** Publishes while a session holds a row of the chunk's users: `work` is done in the middle of it. */
async function whilePublishing(
  engine: ContractEngine,
  publish: () => Promise<{ state: string }>,
  work: (session: Session) => Promise<void>,
): Promise<{ state: string }> {
  const session = await engine.openSession!();
  try {
    await session.execute('BEGIN TRANSACTION');
    await session.execute(`UPDATE card_recommendations SET card_name = card_name WHERE user_id = '${userId(1)}'`);
    const publishing = publish();
    await session.isWaitedFor();
    await work(session);
    await session.execute('ROLLBACK');
    return await publishing;
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

const ONE_SESSION = 'NOT TESTED: WHO WAITS FOR A PUBLISH. The suite has one session only on this engine.';

export const locksContract: ContractTests = {
  'locks: while one chunk is published, its lease run out, the work on others goes on, and only shows do not wait':
    async (t, engine) => {
      if (engine.openSession === undefined) {
        console.error(`\n${ONE_SESSION}\n`);
        t.pass(ONE_SESSION);
        return;
      }
      const { database, history } = engine;
      const { runId, lease, loadNo } = await secondWeek(engine);
      await expireLeases(engine);
      const published = await whilePublishing(
        engine,
        () => database.publishChunk(lease, publishRequest(loadNo)),
        async session => {
          const other = await claim(engine, runId, { processor: 'another' });
          t.is(other.chunkNo, 2, 'the chunk whose lease ran out is passed over');
          const outcomes = await database.sumOutcomes(runId);
          t.is(outcomes?.failed, 0, 'the gate does not wait for the chunk in flight, and does not count it');
          const otherLoad = await load(engine, other, { shift: 1, failed: [2] });
          t.is((await database.publishChunk(other, publishRequest(otherLoad))).state, 'done');
          t.is((await database.sumOutcomes(runId))?.failed, 1);
          t.true(await database.renewLease(await claim(engine, runId), 60));
          t.is((await database.readRun(runId, { wait: false }))?.runId, runId);
          t.is((await history.listRuns(5)).length, 2);
          t.is((await history.listChunks(runId, 0, 10)).length, 3);
          t.is((await database.countUsers()).failed >= 1, true);
          t.is(await session.waiters(), 1, 'the publish waits for the test, and no session for the publish');
        },
      );
      t.is(published.state, 'done');
      t.is((await database.sumOutcomes(runId))?.failed, 2);
    },

  'locks: a cancel in the middle of a publish waits for it, neither is chosen as a deadlock’s victim, and the rest is new again':
    async (t, engine) => {
      if (engine.openSession === undefined) {
        console.error(`\n${ONE_SESSION}\n`);
        t.pass(ONE_SESSION);
        return;
      }
      const { database } = engine;
      const { runId, lease, loadNo } = await secondWeek(engine);
      const other = await claim(engine, runId, { processor: 'another' });
      let cancelling: Promise<unknown> = Promise.resolve();
      const published = await whilePublishing(
        engine,
        () => database.publishChunk(lease, publishRequest(loadNo)),
        async session => {
          cancelling = database.changeRunState(runId, 'cancelled', 'by the suite');
          cancelling.catch(() => {}); // awaited below
          while ((await session.waiters()) < 2);
        },
      );
      await cancelling;
      t.is(published.state, 'done');
      t.is((await database.readRun(runId))?.state, 'cancelled');
      await t.throwsAsync(database.publishChunk(other, publishRequest(1)), { code: 'LEASE_LOST' });
      const { checks } = await engine.audit.verifyDatabase();
      t.deepEqual(
        checks.filter(({ severity, violations }) => severity === 'fail' && violations > 0),
        [],
      );
      t.like(await database.countUsers(), { completed: 3, failed: 1, new: 8 });
    },

  'locks: two processors that halve a chunk at once give the halves numbers of their own': async (t, engine) => {
    if (engine.openSession === undefined) {
      console.error(`\n${ONE_SESSION}\n`);
      t.pass(ONE_SESSION);
      return;
    }
    const { database } = engine;
    await importUsers(engine, 8);
    const { runId } = await openRun(engine);
    const held = await claim(engine, runId);
    await claim(engine, runId, { processor: 'another' });
    await expireLeases(engine);
    await engine.execute('UPDATE cardgenius.chunk SET expired_leases = 4');
    await using session = await engine.openSession();
    await session.execute('BEGIN TRANSACTION');
    await session.execute(`UPDATE cardgenius.chunk_user SET user_no = user_no WHERE chunk_no = ${held.chunkNo}`);
    const claims = [claim(engine, runId, { processor: 'one' }), claim(engine, runId, { processor: 'two' })];
    for (const claiming of claims) claiming.catch(() => {}); // awaited below
    // Both wait here, the second one for the first; where readers wait, too, the second has gone by.
    for (let looks = 0; looks < 500 && (await session.waiters()) < 2; looks++);
    await session.execute('ROLLBACK');
    const leases = await Promise.all(claims);
    t.is(new Set(leases.map(({ chunkNo }) => chunkNo)).size, 2);
    t.is(await count(engine, 'cardgenius.chunk', "state = 'split' AND parent_no IS NULL"), 2);
    for (const parent of [1, 2]) t.is(await count(engine, 'cardgenius.chunk', `parent_no = ${parent}`), 2);
    t.is((await database.readRun(runId))?.state, 'running');
  },

  'locks: an import beside a session that has one of its users waits in the order of the key, and neither deadlocks':
    async (t, engine) => {
      if (engine.openSession === undefined) {
        console.error(`\n${ONE_SESSION}\n`);
        t.pass(ONE_SESSION);
        return;
      }
      const { database } = engine;
      await importUsers(engine, 3);
      const loadNo = await database.beginImport('from the last user to the first');
      const rows = [3, 2, 1].map((n, i) => ({
        lineNo: i + 2,
        userId: userId(n),
        amounts: [n * 900, null, 0, 0, 0, n * 1000],
      }));
      await database.stageSpending(loadNo, rows);
      await using session = await engine.openSession();
      const lock = (n: number) =>
        session.execute(`UPDATE user_spending_data SET processing_error = 'held' WHERE user_id = '${userId(n)}'`);
      await session.execute('BEGIN TRANSACTION');
      await lock(1);
      const importing = database.publishImport(loadNo, 1, 4);
      importing.catch(() => {}); // awaited below
      await session.isWaitedFor();
      await lock(3);
      await session.execute('ROLLBACK');
      t.deepEqual(await importing, { imported: 3, unchanged: 0 });
    },
};
