import { createHash } from 'node:crypto';
import { claim, importUsers, openRun, process, userId } from './context.ts';
import type { ContractTests } from './suite.ts';

export const historyContract: ContractTests = {
  'acts: each has its reason, person, origin and login, and a later one never changes an earlier one': async (
    t,
    engine,
  ) => {
    const { database, history, maintenance } = engine;
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    const by = { origin: 'cli', person: 'asha' } as const;
    await database.changeRunState(runId, 'paused', 'no writes tonight', { by });
    await database.changeRunState(runId, 'paused', 'again', { by: { origin: 'page', person: 'ravi' } });
    await database.changeRunState(runId, 'running', 'the DBA is done', { by });
    await database.changeRunState(runId, 'paused', 'GATE_FIRST_CARDS: 301 of 1000');
    await database.changeRunState(runId, 'running', 'as wanted', { acceptGate: true, by });
    await database.changeRunState(runId, 'stopped', 'by itself');
    await database.changeRunState(runId, 'cancelled', 'the next', { by });
    await maintenance.recordAct('prune', by, { subject: 'keep 90 days', affected: 12 });
    const acts = (await history.listActs(runId, 10)).reverse();
    t.deepEqual(
      acts.map(({ act, origin, person, reason }) => [act, origin, person, reason]),
      [
        ['pause', 'cli', 'asha', 'no writes tonight'],
        ['pause', 'page', 'ravi', 'again'],
        ['resume', 'cli', 'asha', 'the DBA is done'],
        ['pause', 'processor', null, 'GATE_FIRST_CARDS: 301 of 1000'],
        ['accept_gate', 'cli', 'asha', 'as wanted'],
        ['cancel', 'cli', 'asha', 'the next'],
      ],
    );
    for (const { login, actedAt } of acts) t.true(login.length > 0 && actedAt instanceof Date);
    const [latest] = await history.listActs(null, 1);
    t.like(latest, { act: 'prune', subject: 'keep 90 days', affected: 12, runId: null });
  },

  'report: cards with how often each is first, quantiles of the first net, users without spend and with too little confirmed':
    async (t, engine) => {
      const { history } = engine;
      t.deepEqual(await history.reportCards(), []);
      t.like(await history.reportUsers(), { users: 0, spendingUsers: 0, netP50: null, netMost: null });
      await importUsers(engine, 21, n => (n === 21 ? 0 : n * 100));
      const { runId } = await openRun(engine, { chunkSize: 100 });
      await process(engine, await claim(engine, runId));
      await engine.database.advanceRun(runId);
      await engine.execute(
        "UPDATE user_spending_data SET avg_confirmed_gmv = 0 WHERE user_id IN ('CK0000020', 'CK0000021')",
      );
      await engine.execute(
        "UPDATE card_recommendations SET total_savings_yearly = 0, total_extra_benefits = joining_fees, net_savings = 0 WHERE user_id = 'CK0000007' AND rank = 1",
      );
      const cards = await history.reportCards();
      const [first] = cards;
      t.true(cards.length >= 10 && cards.every((card, i) => i === 0 || card.firsts <= cards[i - 1]!.firsts));
      t.is(
        cards.reduce((sum, { tens }) => sum + tens, 0),
        210,
      );
      t.is(
        cards.reduce((sum, { firsts }) => sum + firsts, 0),
        21,
      );
      t.true(first!.firsts > 0 && first!.tens >= first!.firsts);
      const users = await history.reportUsers();
      t.like(users, { users: 21, spendingUsers: 21, usersAtZero: 1, confirmedBelow: 1, netLeast: 0 });
      const nets = (await engine.database.exportRecommendations(null, 50))
        .filter(row => row.rank === 1)
        .map(row => row.netSavings)
        .sort((a, b) => a - b);
      // PERCENTILE_DISC: the first whose share of users reaches the quantile.
      t.deepEqual(
        [users.netLeast, users.netP5, users.netP25, users.netP50, users.netP75, users.netP95, users.netMost],
        [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1].map(share => nets[Math.max(0, Math.ceil(share * 21) - 1)]),
      );
    },

  'spends and rows come page by page, those of a page of users together': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 5);
    const { runId } = await openRun(engine, { chunkSize: 100 });
    await process(engine, await claim(engine, runId), { failed: [2] });
    const first = await database.listSpending(null, 3);
    t.deepEqual(
      first.map(({ userId: id, status }) => [id, status]),
      [
        [userId(1), 'completed'],
        [userId(2), 'failed'],
        [userId(3), 'completed'],
      ],
    );
    t.deepEqual(first[0]!.amounts, (await database.readSpending(userId(1)))!.amounts);
    const rest = await database.listSpending(userId(3), 3);
    t.deepEqual(
      rest.map(user => user.userId),
      [userId(4), userId(5)],
    );
    t.deepEqual(await database.listSpending(userId(5), 3), []);
    const all = await database.exportRecommendations(null, 10);
    const paged = [
      ...(await database.listRecommendations(null, userId(3))),
      ...(await database.listRecommendations(userId(3), userId(5))),
    ];
    t.is(all.length, 40);
    t.deepEqual(paged, all);
  },

  'history: runs come latest first, each as read_run has it': async (t, engine) => {
    t.deepEqual(await engine.history.listRuns(5), []);
    await importUsers(engine, 4);
    const first = await openRun(engine);
    await process(engine, await claim(engine, first.runId));
    await engine.database.advanceRun(first.runId);
    await engine.audit.redoUsers({ cardName: null, olderThan: null, runId: null }, true);
    const second = await openRun(engine);
    const runs = await engine.history.listRuns(5);
    t.deepEqual(
      runs.map(({ runId, state, completed }) => [runId, state, completed]),
      [
        [second.runId, 'running', 0],
        [first.runId, 'done', 4],
      ],
    );
    t.deepEqual(runs[1], await engine.database.readRun(first.runId));
    t.is((await engine.history.listRuns(1)).length, 1);
  },

  'history: chunks page by page, with who holds them': async (t, engine) => {
    await importUsers(engine, 12);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId), { failed: [1] });
    await claim(engine, runId, { processor: 'host:1:abc' });
    const chunks = await engine.history.listChunks(runId, 0, 2);
    t.like(chunks[0], { chunkNo: 1, state: 'done', users: 4, completed: 3, failed: 1, attempt: 1, leaseOwner: null });
    t.true(chunks[0]!.closedAt instanceof Date);
    t.deepEqual([chunks[0]!.firstCardsKnown, chunks[0]!.firstCardsChanged], [null, null]);
    t.like(chunks[1], { chunkNo: 2, state: 'leased', users: 4, leaseOwner: 'host:1:abc', closedAt: null });
    t.true(chunks[1]!.leaseUntil instanceof Date && chunks[1]!.startedAt instanceof Date);
    const [last, ...more] = await engine.history.listChunks(runId, 2, 2);
    t.like(last, { chunkNo: 3, state: 'open', users: 4, attempt: 0, startedAt: null });
    t.deepEqual(more, []);
    t.deepEqual(await engine.history.listChunks(runId + 1, 0, 9), []);
  },

  'history: the bytes of a catalogue are kept once, and each run gives back its own': async (t, engine) => {
    await importUsers(engine, 4);
    const first = await openRun(engine);
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i % 256);
    await engine.database.keepCatalog(first.runId, bytes);
    await engine.database.keepCatalog(first.runId, bytes);
    await process(engine, await claim(engine, first.runId));
    await engine.database.advanceRun(first.runId);
    await engine.audit.redoUsers({ cardName: null, olderThan: null, runId: null }, true);
    const second = await openRun(engine);
    await engine.database.keepCatalog(second.runId, Uint8Array.of(0, 255));

    const kept = await engine.history.readCatalog(first.runId);
    t.is(kept?.sha256, createHash('sha256').update(bytes).digest('hex'));
    t.deepEqual([...kept!.bytes], [...bytes]);
    t.deepEqual([...(await engine.history.readCatalog(second.runId))!.bytes], [0, 255]);
    t.is(await engine.history.readCatalog(second.runId + 1), undefined);
    await t.throwsAsync(engine.database.keepCatalog(second.runId + 1, bytes), undefined, 'a run that is not there');
  },

  'history: the cards of one user, as export has them': async (t, engine) => {
    await importUsers(engine, 2);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId));
    const rows = await engine.history.readRecommendations(userId(2));
    t.deepEqual(rows, await engine.database.exportRecommendations(userId(1), 1));
    t.is(rows.length, 10);
    t.deepEqual(await engine.history.readRecommendations('CK9'), []);
  },

  'history: attempts latest first, with stage times and errors': async (t, engine) => {
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    const failing = await claim(engine, runId);
    const failure = {
      code: 'POSTGRES_40P01',
      message: `deadlock, ${userId(1)}`,
      isRetried: true,
      retryAfterSeconds: 0,
    };
    await engine.database.failChunk(failing, failure);
    await process(engine, await claim(engine, runId));
    const [done, failed, ...more] = await engine.history.listAttempts(runId, 9);
    t.like(done, { chunkNo: 1, attempt: 2, outcome: 'done', computeMs: 1, loadMs: 2, errorCode: null });
    t.true(done!.publishMs !== null && done!.endedAt! >= done!.startedAt);
    t.like(failed, { attempt: 1, outcome: 'failed', errorCode: 'POSTGRES_40P01', computeMs: null });
    t.deepEqual(more, []);
    t.is((await engine.history.listAttempts(runId, 1)).length, 1);
  },
};
