import { claim, importUsers, openRun, process, statuses, userId } from './context.ts';
import type { ContractTests } from './suite.ts';

const CHECKS = [
  'ten_ranks',
  'completed_without_cards',
  'distinct_cards',
  'order_by_net',
  'net_adds_up',
  'no_null',
  'failed_with_reason',
  'pending_with_chunk',
  'nothing_staged',
  'chunks_add_up',
  'runs_add_up',
  'users_there',
];

export const auditContract: ContractTests = {
  'verify: after a run every check holds': async (t, engine) => {
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId), { failed: [2] });
    await engine.database.advanceRun(runId);
    const found = await engine.audit.verifyDatabase();
    t.deepEqual(
      found.map(({ check }) => check),
      CHECKS,
    );
    t.deepEqual(
      found.filter(({ violations }) => violations > 0),
      [],
    );
  },

  'verify: each fault is found, and by its own check': async (t, engine) => {
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId));
    await engine.database.advanceRun(runId);

    const faults: readonly [string, check: string, undo: string][] = [
      ["UPDATE card_recommendations SET net_savings = net_savings + 1 WHERE user_id = 'CK0000001' AND rank = 1", 'net_adds_up',
        "UPDATE card_recommendations SET net_savings = net_savings - 1 WHERE user_id = 'CK0000001' AND rank = 1"],
      ["UPDATE card_recommendations SET total_savings_yearly = total_savings_yearly + 9000, net_savings = net_savings + 9000 WHERE user_id = 'CK0000002' AND rank = 9", 'order_by_net',
        "UPDATE card_recommendations SET total_savings_yearly = total_savings_yearly - 9000, net_savings = net_savings - 9000 WHERE user_id = 'CK0000002' AND rank = 9"],
      ["UPDATE card_recommendations SET card_name = 'Card 00' WHERE user_id = 'CK0000003' AND rank = 2", 'distinct_cards',
        "UPDATE card_recommendations SET card_name = 'Card 01' WHERE user_id = 'CK0000003' AND rank = 2"],
      ["UPDATE user_spending_data SET processing_status = 'failed' WHERE user_id = 'CK0000004'", 'failed_with_reason',
        "UPDATE user_spending_data SET processing_status = 'completed' WHERE user_id = 'CK0000004'"],
      ["UPDATE user_spending_data SET processing_status = 'pending' WHERE user_id = 'CK0000004'", 'pending_with_chunk',
        "UPDATE user_spending_data SET processing_status = 'completed' WHERE user_id = 'CK0000004'"],
      ["UPDATE cardgenius.chunk SET rows_written = rows_written + 1", 'chunks_add_up', "UPDATE cardgenius.chunk SET rows_written = rows_written - 1"],
      ["DELETE FROM card_recommendations WHERE user_id = 'CK0000001' AND rank = 5", 'ten_ranks', ''],
      ["DELETE FROM user_spending_data WHERE user_id = 'CK0000002'", 'users_there', ''],
    ]; // biome-ignore format: a table
    for (const [fault, check, undo] of faults) {
      const before = await engine.audit.verifyDatabase();
      await engine.execute(fault);
      const after = await engine.audit.verifyDatabase();
      const found = after.filter(({ violations }, i) => violations > before[i]!.violations).map(result => result.check);
      t.true(found.includes(check), `${check}: ${found}`);
      if (undo !== '') await engine.execute(undo);
    }
    const last = await engine.audit.verifyDatabase();
    t.like(
      last.find(({ check }) => check === 'ten_ranks'),
      { severity: 'fail', violations: 1 },
    );
    t.like(
      last.find(({ check }) => check === 'users_there'),
      { severity: 'warn', violations: 1, sample: userId(2) },
    );
  },

  'failures are listed page by page, and put back to new by user, code, run, or all': async (t, engine) => {
    await importUsers(engine, 8);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId), { failed: [1, 2, 3] });
    await process(engine, await claim(engine, runId));
    const all = await engine.audit.listFailures(null, 2);
    t.deepEqual(
      all.map(({ userId: id, code }) => [id, code]),
      [
        [userId(1), 'INVALID_SPENDING'],
        [userId(2), 'INVALID_SPENDING'],
      ],
    );
    t.regex(all[0]!.error, /^INVALID_SPENDING: user number 1 is bad$/);
    t.is((await engine.audit.listFailures(userId(2), 2)).length, 1);

    const filter = { runId: null, userId: null, code: null };
    t.is(await engine.audit.retryUsers({ ...filter, code: 'ENGINE_FAILED' }), 0);
    t.is(await engine.audit.retryUsers({ ...filter, userId: userId(1) }), 1);
    t.is(await engine.audit.retryUsers({ ...filter, userId: userId(8) }), 0);
    t.is(await engine.audit.retryUsers({ ...filter, runId: runId + 1 }), 0);
    t.is(await engine.audit.retryUsers({ ...filter, runId, code: 'INVALID_SPENDING' }), 2);
    t.deepEqual((await statuses(engine)).slice(0, 4), ['new', 'new', 'new', 'completed']);
    t.is(await engine.audit.retryUsers(filter), 0);
  },

  'redo: counts first; then the completed users, or those with a card, are new again': async (t, engine) => {
    await importUsers(engine, 8);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId), { failed: [1] });
    await process(engine, await claim(engine, runId), { shift: 2 });
    t.is(await engine.audit.redoUsers(null, false), 7);
    t.is(await engine.audit.redoUsers('Card 00', false), 3);
    t.is(await engine.audit.redoUsers('Card 00', true), 3);
    t.deepEqual(await statuses(engine), [
      'failed',
      'new',
      'new',
      'new',
      'completed',
      'completed',
      'completed',
      'completed',
    ]);
    t.is(await engine.audit.redoUsers(null, true), 4);
  },
};
