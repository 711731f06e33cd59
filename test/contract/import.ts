import { migrate, planMigration } from '../../src/database/migrate/migrate.ts';
import { stageAndPublish } from '../../src/exchange/import-spending.ts';
import { claim, count, importUsers, openRun, process, statuses, userId } from './context.ts';
import type { ContractTests } from './suite.ts';

export const importContract: ContractTests = {
  'migrate: a second time there is nothing to do': async (t, { target }) => {
    t.deepEqual((await planMigration(target)).pending, []);
    t.deepEqual((await migrate(target)).pending, []);
  },

  'import: new users are new, changed ones new again, unchanged ones stay as they are': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 6);
    t.deepEqual(await statuses(engine), Array(6).fill('new'));
    const { runId } = await openRun(engine, { chunkSize: 10 });
    await process(engine, await claim(engine, runId));
    await database.advanceRun(runId);

    await importUsers(engine, 8, n => (n === 3 ? 999 : n * 100));
    t.deepEqual(await statuses(engine), [
      ...['completed', 'completed', 'new', 'completed', 'completed', 'completed'],
      ...['new', 'new'],
    ]);
    t.deepEqual((await database.readSpending(userId(3)))?.amounts, [999, null, 0, 0, 0, 3000]);
  },

  'import: counts what went in and what was the same, and leaves nothing staged': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 3);
    const loadNo = await database.beginImport('again');
    await database.stageSpending(loadNo, [
      { lineNo: 2, userId: userId(1), amounts: [100, null, 0, 0, 0, 1000] },
      { lineNo: 3, userId: userId(2), amounts: [200, 0, 0, 0, 0, 2000] },
      { lineNo: 4, userId: userId(9), amounts: [null, null, null, null, null, null] },
    ]);
    t.deepEqual(await database.publishImport(loadNo, 1, 3), { imported: 1, unchanged: 1 });
    t.deepEqual(await database.publishImport(loadNo, 4, 4), { imported: 1, unchanged: 0 });
    await database.endImport(loadNo, 0);
    t.is(await count(engine, 'cardgenius.staged_spending'), 0);
    t.is(await count(engine, 'cardgenius.import', 'finished_at IS NOT NULL'), 2);
  },

  'import: its end is an act, once, with the person, the file and how many users went in': async (t, engine) => {
    const { database, history } = engine;
    await importUsers(engine, 1);
    async function* lines() {
      for (const n of [1, 2, 3])
        yield { good: { lineNo: n, userId: userId(n), amounts: [n * 100, null, 0, 0, 0, n * 1000] } };
    }
    const by = { origin: 'cli', person: 'asha' } as const;
    await stageAndPublish(database, 'spends.csv', lines(), { add: async () => {} }, () => {}, { by });
    const acts = await history.listActs(null, 9);
    t.like(acts[0], { act: 'import', ...by, subject: 'spends.csv', runId: null });
    t.is(Number(acts[0]!.affected), 2, 'the first was there, with these spends');
    t.truthy(acts[0]!.login);
    t.is(acts.length, 2);
    const loadNo = await database.beginImport('again.csv');
    await database.endImport(loadNo, 0, by);
    await database.endImport(loadNo, 0, by);
    t.is((await history.listActs(null, 9)).length, 3, 'the answer was lost, and it was asked again');
  },

  'import: a second row of an id that is rejected is not among those whose confirmed spends are too low': async (
    t,
    { database },
  ) => {
    async function* lines() {
      yield { good: { lineNo: 2, userId: userId(1), amounts: [100, 0, 0, 0, 0, 100] } };
      yield { good: { lineNo: 3, userId: userId(1), amounts: [200, 0, 0, 0, 0, 100] } };
      yield { good: { lineNo: 4, userId: userId(2), amounts: [300, 0, 0, 0, 0, 100] } };
    }
    const result = await stageAndPublish(database, 'spends.csv', lines(), { add: async () => {} }, () => {});
    t.like(result, { imported: 2, confirmedBelowSum: 1, firstBelowSum: { lineNo: 4 } });
  },

  'import: rows that staging has lost are missed, and the import does not end as if they had gone in': async (
    t,
    engine,
  ) => {
    const { database } = engine;
    const losing = Object.assign(Object.create(database) as typeof database, {
      // As a server that crashes here and is started again: unlogged tables are empty.
      rejectDuplicates: async (loadNo: number) => {
        await engine.execute('DELETE FROM cardgenius.staged_spending WHERE line_no = 2');
        return database.rejectDuplicates(loadNo);
      },
    });
    async function* lines() {
      for (const n of [1, 2, 3]) yield { good: { lineNo: n, userId: userId(n), amounts: [n, 0, 0, 0, 0, n] } };
    }
    const rejects = { add: async () => {} };
    await t.throwsAsync(
      stageAndPublish(losing, 'spends.csv', lines(), rejects, () => {}),
      { code: 'STAGING_INCOMPLETE', message: /^1 of 3 rows of spends\.csv were staged and are gone/ },
    );
    t.like(await stageAndPublish(database, 'spends.csv', lines(), rejects, () => {}), { imported: 1, unchanged: 2 });
    t.is(await count(engine, 'user_spending_data'), 3);
  },

  'import: where only new users go in, one who is there stays as it is, whatever the spends': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 2);
    const loadNo = await database.beginImport('invented');
    await database.stageSpending(loadNo, [
      { lineNo: 2, userId: userId(1), amounts: [777, 7, 7, 7, 7, 7] },
      { lineNo: 3, userId: userId(9), amounts: [777, 7, 7, 7, 7, 7] },
    ]);
    t.deepEqual(await database.publishImport(loadNo, 1, 3, true), { imported: 1, unchanged: 1 });
    t.deepEqual((await database.readSpending(userId(1)))?.amounts, [100, null, 0, 0, 0, 1000]);
    t.deepEqual((await database.readSpending(userId(9)))?.amounts, [777, 7, 7, 7, 7, 7]);
  },

  'import: ids of any length up to 50 characters, any number of them': async (t, engine) => {
    const { database } = engine;
    for (const length of [1, 24, 25, 36, 49, 50]) {
      const loadNo = await database.beginImport(`ids of ${length}`);
      const userIds = Array.from({ length: 36 }, (_, i) => i.toString(36).padStart(length, 'x'));
      await database.stageSpending(
        loadNo,
        userIds.map((userId, i) => ({ lineNo: i + 2, userId, amounts: [i, i, i, i, i, i] })),
      );
      t.like(await database.publishImport(loadNo, 1, 99), { imported: 36 }, `of ${length}`);
      t.deepEqual((await database.readSpending(userIds[35]!))?.amounts, [35, 35, 35, 35, 35, 35]);
    }
  },

  'import: the first row of an id goes in, the others are told with their lines': async (t, engine) => {
    const { database } = engine;
    const loadNo = await database.beginImport('duplicates');
    await database.stageSpending(loadNo, [
      { lineNo: 2, userId: 'CK0000001', amounts: [100, 0, 0, 0, 0, 100] },
      { lineNo: 3, userId: 'CK0000002', amounts: [200, 0, 0, 0, 0, 200] },
      { lineNo: 4, userId: 'CK0000001', amounts: [300, 0, 0, 0, 0, 300] },
      { lineNo: 9, userId: 'CK0000001', amounts: [400, 0, 0, 0, 0, 400] },
    ]);
    t.deepEqual(await database.rejectDuplicates(loadNo), [
      { lineNo: 4, userId: 'CK0000001', firstLineNo: 2 },
      { lineNo: 9, userId: 'CK0000001', firstLineNo: 2 },
    ]);
    t.deepEqual(await database.publishImport(loadNo, 1, 9), { imported: 2, unchanged: 0 });
    t.is((await database.readSpending('CK0000001'))?.amounts[0], 100);
  },

  'import: the largest amounts come back to the paisa': async (t, engine) => {
    const { database } = engine;
    const loadNo = await database.beginImport('large');
    const amounts = [999_999_999_999, 1, 99, 100, 123_456_789_012, 0];
    await database.stageSpending(loadNo, [{ lineNo: 2, userId: "it's 50%; --", amounts }]);
    await database.publishImport(loadNo, 1, 2);
    t.deepEqual((await database.readSpending("it's 50%; --"))?.amounts, amounts);
  },

  'read: a user who is not there is undefined': async (t, { database }) => {
    t.is(await database.readSpending('CK404'), undefined);
  },

  'count: users by status': async (t, engine) => {
    await importUsers(engine, 5);
    const { runId } = await openRun(engine, { chunkSize: 3 });
    await process(engine, await claim(engine, runId), { failed: [2] });
    t.deepEqual(await engine.database.countUsers(), {
      new: 2,
      pending: 0,
      completed: 2,
      failed: 1,
      other: 0,
    });
  },

  'export: whole users page by page, in the order of the key, to the paisa': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 5);
    const { runId } = await openRun(engine, { chunkSize: 5 });
    await process(engine, await claim(engine, runId));

    const first = await database.exportRecommendations(null, 2);
    t.deepEqual(
      first.map(row => [row.userId, row.rank]),
      [1, 2].flatMap(n => Array.from({ length: 10 }, (_, i) => [userId(n), i + 1])),
    );
    t.like(first[1], {
      userId: userId(1),
      rank: 2,
      cardName: 'Card 01',
      totalSavingsYearly: 100_009,
      joiningFees: 10_000,
      totalExtraBenefits: 50_000,
      netSavings: 100_009 + 50_000 - 10_000,
      amazonPoints: 7,
      flipkartPoints: 107,
      myntraPoints: 207,
      ajioPoints: 307,
      groceryPoints: 407,
      otherOnlinePoints: 507,
      redemptionMethod: 'Vouchers',
      redemptionRate: 2501,
    });
    const second = await database.exportRecommendations(userId(2), 100);
    t.is(second.length, 30);
    t.deepEqual(await database.exportRecommendations(userId(5), 100), []);
  },
};
