import { claim, count, importUsers, load, openRun, process, publishRequest, statuses } from './context.ts';
import type { ContractTests } from './suite.ts';

export const dryRunContract: ContractTests = {
  'dry run: it tells what would change, and changes nothing of CashKaro’s': async (t, engine) => {
    await importUsers(engine, 4);
    const first = await openRun(engine);
    await process(engine, await claim(engine, first.runId), { failed: [4] });
    await engine.database.advanceRun(first.runId);
    await engine.execute("UPDATE user_spending_data SET processing_status = 'new', processing_error = NULL");
    const rows = await count(engine, 'card_recommendations');

    const { runId } = await openRun(engine, { kind: 'dry_run' });
    const lease = await claim(engine, runId);
    t.deepEqual(await statuses(engine), ['new', 'new', 'new', 'new']);
    const loadNo = await load(engine, lease, { shift: 1, failed: [1] });
    const result = await engine.database.publishChunk(lease, publishRequest(loadNo));
    // Users 2 and 3 had ten other cards, user 4 had none; user 1 would fail.
    t.like(result, { state: 'done', users: 4, completed: 3, failed: 1, rowsWritten: 30, rowsUnchanged: 0 });
    t.deepEqual(await engine.database.publishChunk(lease, publishRequest(loadNo)), result);
    t.deepEqual(await statuses(engine), ['new', 'new', 'new', 'new']);
    t.is(await count(engine, 'card_recommendations'), rows);
    t.is(await count(engine, 'card_recommendations', "card_name = 'Card 10'"), 0);
    for (const table of ['staged_recommendation', 'staged_outcome', 'chunk_user']) {
      t.is(await count(engine, `cardgenius.${table}`), 0);
    }
    t.deepEqual(await engine.database.advanceRun(runId), { outcome: 'closed', state: 'done' });
  },

  'dry run: rows that are the same would stay': async (t, engine) => {
    await importUsers(engine, 2);
    const first = await openRun(engine);
    await process(engine, await claim(engine, first.runId));
    await engine.database.advanceRun(first.runId);
    await engine.execute("UPDATE user_spending_data SET processing_status = 'new'");
    const { runId } = await openRun(engine, { kind: 'dry_run' });
    t.like(await process(engine, await claim(engine, runId)), { completed: 2, rowsWritten: 0, rowsUnchanged: 20 });
  },

  'gates: an operator’s acceptance stays with the run': async (t, engine) => {
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    t.is((await engine.database.readRun(runId))!.gateAccepted, false);
    await engine.database.changeRunState(runId, 'paused', 'a gate');
    await engine.database.changeRunState(null, 'running', '', { acceptGate: true });
    t.like(await engine.database.readRun(runId), { state: 'running', gateAccepted: true });
    await engine.database.changeRunState(runId, 'paused', 'again');
    await engine.database.changeRunState(runId, 'running', '');
    t.is((await engine.database.readRun(runId))!.gateAccepted, true);
  },
};
