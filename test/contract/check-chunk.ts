import { type ContractEngine, claim, importUsers, openRun, process, userId } from './context.ts';
import type { ContractTests } from './suite.ts';

/** Of each chunk all users are looked at. */
const ALL = 10_000;

/** A chunk of so many users, published. */
async function publishedChunk(engine: ContractEngine, users = 4, options: Parameters<typeof process>[2] = {}) {
  await importUsers(engine, users);
  const { runId } = await openRun(engine);
  const lease = await claim(engine, runId);
  await process(engine, lease, options);
  return lease;
}

export const checkChunkContract: ContractTests = {
  'check: a chunk that was published as it must be has no violation, however often it is asked': async (t, engine) => {
    const lease = await publishedChunk(engine, 4, { failed: [2] });
    const good = { chunkNo: 1, checked: 3, violations: 0, violated: null };
    t.deepEqual(
      await engine.database.checkChunk(lease, ALL),
      good,
      'who failed keeps last week’s cards, and is not looked at',
    );
    t.deepEqual(await engine.database.checkChunk(lease, ALL), good);
    const run = await engine.database.readRun(lease.runId);
    t.is(run!.violations, 0);
    t.is(run!.violated, null);
  },

  'check: rows that cannot be right are counted by user, named by check, and kept with the run': async (t, engine) => {
    const { database, execute, history } = engine;
    const lease = await publishedChunk(engine);
    await execute(`DELETE FROM card_recommendations WHERE user_id = '${userId(1)}' AND rank = 4`);
    await execute(
      `UPDATE card_recommendations SET net_savings = net_savings + 90000, total_savings_yearly = total_savings_yearly + 90000
        WHERE user_id = '${userId(2)}' AND rank = 7`,
    );
    await execute(`UPDATE card_recommendations SET joining_fees = joining_fees + 1 WHERE user_id = '${userId(3)}'`);
    await execute(
      `UPDATE card_recommendations SET card_name = 'No such card' WHERE user_id = '${userId(3)}' AND rank = 10`,
    );
    const violated = 'ten_ranks 1, order_by_net 1, net_adds_up 1, card_of_run 1';
    t.deepEqual(await database.checkChunk(lease, ALL), { chunkNo: 1, checked: 4, violations: 3, violated });
    t.like(await database.readRun(lease.runId), { violations: 3, violated });
    t.like((await history.listRuns(1))[0], { violations: 3, violated });

    await execute(`UPDATE user_spending_data SET processing_status = 'new' WHERE user_id = '${userId(3)}'`);
    const left = { chunkNo: 1, checked: 3, violations: 2, violated: 'ten_ranks 1, order_by_net 1' };
    t.deepEqual(await database.checkChunk(lease, ALL), left, 'who is not completed any more is left out');
  },

  'check: a chunk that was published and not looked at is found at the end, once': async (t, engine) => {
    const { runId } = await publishedChunk(engine);
    await engine.execute('UPDATE card_recommendations SET joining_fees = joining_fees + 1');
    const left = { runId, chunkNo: null };
    t.deepEqual(await engine.database.checkChunk(left, ALL), {
      chunkNo: 1,
      checked: 4,
      violations: 4,
      violated: 'net_adds_up 4',
    });
    t.is(await engine.database.checkChunk(left, ALL), undefined);
    t.like(await engine.database.readRun(runId), { violations: 4 });
  },

  'check: a user without a row, and a chunk that there is not': async (t, engine) => {
    const lease = await publishedChunk(engine);
    await engine.execute(`DELETE FROM card_recommendations WHERE user_id = '${userId(1)}'`);
    t.deepEqual(await engine.database.checkChunk(lease, ALL), {
      chunkNo: 1,
      checked: 4,
      violations: 1,
      violated: 'ten_ranks 1',
    });
    t.is(await engine.database.checkChunk({ runId: lease.runId, chunkNo: 99 }, ALL), undefined);
  },

  'check: every user of a chunk is looked at, and each of its ranks': async (t, engine) => {
    const { database, execute } = engine;
    const lease = await publishedChunk(engine);
    const raise = (user: number, rank: number, by: number) =>
      execute(
        `UPDATE card_recommendations SET net_savings = net_savings + ${by}, total_savings_yearly = total_savings_yearly + ${by}
          WHERE user_id = '${userId(user)}' AND rank = ${rank}`,
      );
    const bad = { chunkNo: 1, checked: 4, violations: 1, violated: 'order_by_net 1' };
    for (let rank = 2; rank <= 10; rank++) {
      const user = 1 + (rank % 4);
      await raise(user, rank, 90_000);
      t.deepEqual(await database.checkChunk(lease, ALL), bad, `user ${user}, rank ${rank}`);
      await raise(user, rank, -90_000);
    }
    t.deepEqual(await database.checkChunk(lease, ALL), { ...bad, violations: 0, violated: null });
  },

  'check: of a large chunk a part is looked at, drawn anew each time, until each user was': async (t, engine) => {
    const { database, execute } = engine;
    const lease = await publishedChunk(engine);
    const users = [1, 2, 3, 4];
    const raise = (user: number, by: number) =>
      execute(`UPDATE card_recommendations SET joining_fees = joining_fees + ${by} WHERE user_id = '${userId(user)}'`);
    for (const user of users) {
      await raise(user, 1);
      let found = 0;
      for (let times = 0; times < 100 && found === 0; times++) {
        const check = await database.checkChunk(lease, 2);
        t.is(check?.checked, 2);
        found = check!.violations;
      }
      t.is(found, 1, `user ${user} is never looked at`);
      await raise(user, -1);
    }
  },
};
