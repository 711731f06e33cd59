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
      ["INSERT INTO cardgenius.staged_outcome (load_no, user_no, error_code) VALUES (999999, 1, 'X')", 'nothing_staged', 'DELETE FROM cardgenius.staged_outcome'],
      ["INSERT INTO cardgenius.staged_spending (user_id, load_no, line_no) SELECT 'CK0000001', MAX(load_no), 1 FROM cardgenius.import", 'nothing_staged', 'DELETE FROM cardgenius.staged_spending'],
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
    const all = { cardName: null, olderThan: null };
    t.is(await engine.audit.redoUsers(all, false), 7);
    t.is(await engine.audit.redoUsers({ ...all, cardName: 'Card 00' }, false), 3);
    t.is(await engine.audit.redoUsers({ ...all, cardName: 'Card 00' }, true), 3);
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
    t.is(await engine.audit.redoUsers(all, true), 4);
  },

  'redo: who was computed before a time, to the user, however the chunks of later runs lie': async (t, engine) => {
    const { audit, execute } = engine;
    await importUsers(engine, 8);
    const first = await openRun(engine);
    await process(engine, await claim(engine, first.runId), { failed: [2] });
    await process(engine, await claim(engine, first.runId));
    await engine.database.advanceRun(first.runId);
    await execute("UPDATE cardgenius.chunk SET closed_at = '2026-01-05'");

    // Users 1 and 8 are due again: a chunk whose key range holds all the others, and two of whom it does not complete.
    await execute(
      `UPDATE user_spending_data SET processing_status = 'new' WHERE user_id IN ('${userId(1)}', '${userId(8)}')`,
    );
    const second = await openRun(engine);
    await process(engine, await claim(engine, second.runId), { failed: [2] });
    t.deepEqual(
      (await statuses(engine)).filter(status => status !== 'completed'),
      ['failed', 'failed'],
    );

    const before = (time: string, cardName: string | null = null) => ({ cardName, olderThan: new Date(time) });
    t.is(await audit.redoUsers(before('2026-01-04T23:59:59Z'), false), 0);
    t.is(await audit.redoUsers(before('2026-01-05T00:00:00Z'), false), 0, 'at that very moment is not before it');
    t.is(await audit.redoUsers(before('2026-01-05T00:00:01Z'), false), 5);
    t.is(await audit.redoUsers(before('2026-01-05T00:00:01Z', 'no such card'), false), 0);
    t.is(await audit.redoUsers(before('2999-01-01T00:00:00Z'), false), 6, 'also who was computed just now');
    t.is(await audit.redoUsers(before('2026-01-05T00:00:01Z', 'Card 00'), true), 5);
    const expected = ['completed', 'failed', 'new', 'new', 'new', 'new', 'new', 'failed'];
    t.deepEqual(await statuses(engine), expected);
  },

  'redo: of whom nothing is remembered any more is older than any time': async (t, engine) => {
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId));
    const filter = { cardName: null, olderThan: new Date('2020-01-01') };
    t.is(await engine.audit.redoUsers(filter, true), 0);
    await engine.execute('DELETE FROM cardgenius.completed_user');
    t.is(await engine.audit.redoUsers(filter, true), 4);
  },
};
