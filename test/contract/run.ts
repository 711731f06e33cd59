import { CardGeniusError } from '../../src/model/errors.ts';
import {
  CARDS,
  claim,
  count,
  expireLeases,
  FINGERPRINT,
  importUsers,
  load,
  OTHER_FINGERPRINT,
  openRun,
  process,
  publishRequest,
  runRequest,
  statuses,
} from './context.ts';
import type { ContractTests } from './suite.ts';

/** What makes a question mark of each # in the name and the id of a run's card, and what ends it. */
const LOSES = {
  mssql: [
    `CREATE TRIGGER cardgenius.contract_loses ON cardgenius.run_card AFTER INSERT AS
       UPDATE cardgenius.run_card SET card_name = REPLACE(card_name, '#', '?'), card_id = REPLACE(card_id, '#', '?')`,
  ],
  endMssql: ['DROP TRIGGER cardgenius.contract_loses'],
  postgres: [
    `CREATE FUNCTION contract_loses() RETURNS TRIGGER LANGUAGE plpgsql AS $$
       BEGIN
         NEW.card_name := REPLACE(NEW.card_name, '#', '?');
         NEW.card_id := REPLACE(NEW.card_id, '#', '?');
         RETURN NEW;
       END $$`,
    'CREATE TRIGGER contract_loses BEFORE INSERT ON cardgenius.run_card FOR EACH ROW EXECUTE FUNCTION contract_loses()',
  ],
  endPostgres: ['DROP TRIGGER contract_loses ON cardgenius.run_card', 'DROP FUNCTION contract_loses()'],
} as const;

export const runContract: ContractTests = {
  'run: planning cuts the users that are due into equal key ranges': async (t, engine) => {
    await importUsers(engine, 10);
    const opened = await openRun(engine, { chunkSize: 4 });
    t.like(opened, { outcome: 'planned', state: 'running', chunks: 3, users: 10 });
    const chunks = await engine.query(
      'SELECT chunk_no, user_id_from, user_id_to, planned_users, state FROM cardgenius.chunk ORDER BY chunk_no',
    );
    t.deepEqual(
      chunks.map(chunk => [chunk.user_id_from, chunk.user_id_to, Number(chunk.planned_users), chunk.state]),
      [
        ['CK0000001', 'CK0000004', 4, 'open'],
        ['CK0000005', 'CK0000008', 4, 'open'],
        ['CK0000009', 'CK0000010', 2, 'open'],
      ],
    );
    t.is(await count(engine, 'cardgenius.run_card'), CARDS.length);
  },

  'run: the cards are recorded as they were declared': async (t, engine) => {
    await importUsers(engine, 1);
    await openRun(engine);
    const [card] = await engine.query(
      'SELECT card_name, joining_fees * 100 AS fees, redemption_method, redemption_rate * 10000 AS rate, definition ' +
        'FROM cardgenius.run_card WHERE card_no = 3',
    );
    t.is(card!.card_name, 'Card 03');
    t.is(Number(card!.fees), 30_000);
    t.is(Number(card!.rate), 2503);
    t.deepEqual(JSON.parse(String(card!.definition)), { id: 'card' });
  },

  'run: a card whose name or id is not kept as it is refuses the run by its id, before a user is taken': async (
    t,
    engine,
  ) => {
    await importUsers(engine, 2);
    // As a column does whose code page lacks the letter.
    const isMssql = engine.database.description.startsWith('mssql');
    for (const statement of isMssql ? LOSES.mssql : LOSES.postgres) await engine.execute(statement);
    const cards = CARDS.map(card => (card.cardNo === 3 ? { ...card, id: 'lotus', name: 'Lotus # Card' } : card));
    try {
      const error = await t.throwsAsync(openRun(engine, { cards }), { code: 'CARD_NOT_KEPT' });
      t.regex(error!.message, /^card lotus: this database would keep its name 'Lotus # Card' as 'Lotus \? Card'/);
      const byId = cards.map(card => (card.cardNo === 3 ? { ...card, id: 'lo#tus', name: 'Lotus Card' } : card));
      const other = await t.throwsAsync(openRun(engine, { cards: byId }), { code: 'CARD_NOT_KEPT' });
      t.regex(other!.message, /^card lo#tus: this database would keep its id 'lo#tus' as 'lo\?tus'/);
      t.is(await count(engine, 'cardgenius.run'), 0);
      t.deepEqual(await statuses(engine), ['new', 'new']);
    } finally {
      for (const statement of isMssql ? LOSES.endMssql : LOSES.endPostgres) await engine.execute(statement);
    }
    t.like(await openRun(engine, { cards }), { outcome: 'planned', users: 2 });
  },

  'run: a letter beyond Latin in the name of a card is published as it is, or refuses the run': async (t, engine) => {
    await importUsers(engine, 1);
    const [kept] = await engine.query(
      "SELECT CASE WHEN CAST(N'\u5361' AS VARCHAR(9)) = N'\u5361' THEN 1 ELSE 0 END AS is_kept",
    );
    const cards = CARDS.map(card => ({ ...card, id: `card-${card.cardNo}`, name: `\u5361 ${card.name}` }));
    const opened = openRun(engine, { cards });
    if (Number(kept!.is_kept) === 0) {
      await t.throwsAsync(opened, { code: 'CARD_NOT_KEPT', message: /^card card-0: / });
      return;
    }
    await process(engine, await claim(engine, (await opened).runId));
    t.is(await count(engine, 'card_recommendations', "card_name LIKE N'\u5361 Card %'"), 10);
  },

  'run: without a due user it is done at once, and another can be opened': async (t, engine) => {
    t.like(await openRun(engine), { outcome: 'planned', state: 'done', chunks: 0, users: 0 });
    t.like(await openRun(engine), { outcome: 'planned', state: 'done' });
  },

  'run: the same engine joins the active run, which is never cut again': async (t, engine) => {
    await importUsers(engine, 6);
    const first = await openRun(engine);
    await importUsers(engine, 9);
    const second = await openRun(engine, { chunkSize: 1 });
    t.like(second, { outcome: 'joined', runId: first.runId, chunks: 2, users: 6 });
  },

  'run: a limit takes so many users, in one round': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 10);
    const { runId, users } = await openRun(engine, { userLimit: 3 });
    t.is(users, 3);
    const lease = await claim(engine, runId);
    t.is(lease.users, 3);
    await process(engine, lease);
    t.deepEqual(await database.advanceRun(runId), { outcome: 'closed', state: 'done' });
    t.is(await count(engine, 'user_spending_data', "processing_status = 'completed'"), 3);
  },

  'run: a run of another kind is refused while one is active': async (t, engine) => {
    await importUsers(engine, 1);
    await openRun(engine);
    await t.throwsAsync(engine.database.openRun(runRequest({ kind: 'dry_run' })), { code: 'RUN_ACTIVE' });
  },

  'run: a dry run supersedes no batch, whatever its fingerprint and though no processor is at work': async (
    t,
    engine,
  ) => {
    const { database } = engine;
    await importUsers(engine, 2);
    const { runId } = await openRun(engine);
    for (const state of ['stopped', 'paused'] as const) {
      await database.changeRunState(runId, state, 'by a test');
      const error = await t.throwsAsync(openRun(engine, { kind: 'dry_run', fingerprint: OTHER_FINGERPRINT }), {
        code: state === 'paused' ? 'RUN_PAUSED' : 'RUN_ACTIVE',
      });
      t.regex(error!.message, /cardgenius cancel/);
      t.is((await database.readRun(runId))?.state, state);
    }
  },

  'run: a batch closes a dry run without a processor, and is refused while one works on it': async (t, engine) => {
    const { database } = engine;
    for (const fingerprint of [FINGERPRINT, OTHER_FINGERPRINT]) {
      await importUsers(engine, 6, n => n * 100 + fingerprint.charCodeAt(0));
      const dry = await openRun(engine, { kind: 'dry_run' });
      const lease = await claim(engine, dry.runId);
      await t.throwsAsync(openRun(engine, { fingerprint }), { code: 'RUN_ACTIVE' });
      await database.releaseChunk(lease);
      await database.changeRunState(dry.runId, 'stopped', 'Ctrl-C');

      const batch = await openRun(engine, { fingerprint });
      t.like(batch, { outcome: 'superseded', state: 'running', users: 6 });
      const closed = await database.readRun(dry.runId);
      t.is(closed?.state, 'cancelled');
      t.regex(closed?.reason ?? '', /^superseded by a batch: /);
      t.is(await count(engine, 'cardgenius.chunk', `run_id = ${dry.runId} AND state <> 'superseded'`), 0);
      await database.changeRunState(batch.runId, 'cancelled', 'the next');
    }
  },

  'run: another engine is refused while a lease lives, with both fingerprints named': async (t, engine) => {
    await importUsers(engine, 8);
    const { runId } = await openRun(engine);
    await claim(engine, runId);
    const error = await t.throwsAsync(openRun(engine, { fingerprint: OTHER_FINGERPRINT }), {
      instanceOf: CardGeniusError,
      code: 'FINGERPRINT_MISMATCH',
    });
    t.regex(error!.message, /a{64}.*b{64}/);
    await t.throwsAsync(claim(engine, runId, { fingerprint: OTHER_FINGERPRINT }), { code: 'FINGERPRINT_MISMATCH' });
  },

  'run: a paused run is superseded by no run; the refusal names it, its reason and the two ways on': async (
    t,
    engine,
  ) => {
    const { database } = engine;
    await importUsers(engine, 8);
    for (const kind of ['batch', 'dry_run'] as const) {
      const { runId } = await openRun(engine, { kind });
      await database.changeRunState(runId, 'paused', 'DBA asks: no writes tonight');
      const error = await t.throwsAsync(openRun(engine, { fingerprint: OTHER_FINGERPRINT }), { code: 'RUN_PAUSED' });
      t.is((error as CardGeniusError).exitCode, 4);
      const [, ...parts] =
        /^run (\d+) is paused.*(DBA asks: no writes tonight).*(cardgenius resume).*(cardgenius cancel)$/.exec(
          error!.message,
        )!;
      t.is(parts[0], String(runId));
      t.like(await database.readRun(runId), { state: 'paused', reason: 'DBA asks: no writes tonight' });
      t.like(await openRun(engine, { kind }), { outcome: 'joined', state: 'paused', runId, supersededId: null });
      await database.changeRunState(runId, 'cancelled', 'the next');
    }
  },

  'run: a run that supersedes another says which, and the history has both that and the other catalogue': async (
    t,
    engine,
  ) => {
    const { database } = engine;
    await importUsers(engine, 2);
    const first = await openRun(engine);
    const second = await openRun(engine, { fingerprint: OTHER_FINGERPRINT });
    t.like(second, { outcome: 'superseded', supersededId: first.runId });
    t.regex(
      (await database.readRun(first.runId))?.reason ?? '',
      /^superseded by an engine of another fingerprint: b{64}$/,
    );
    const acts = await engine.query(
      "SELECT act, run_id, subject, origin FROM cardgenius.act WHERE act <> 'import' ORDER BY act_id",
    );
    t.deepEqual(acts.map(({ act, run_id, subject, origin }) => [act, Number(run_id), subject, origin]) as unknown[], [
      ['supersede', first.runId, 'contract suite', 'processor'],
      ['catalogue', second.runId, `${'a'.repeat(12)} -> ${'b'.repeat(12)}`, 'processor'],
    ]);
  },

  'run: another engine supersedes a run that no processor works on': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 8);
    const first = await openRun(engine);
    const lease = await claim(engine, first.runId);
    const loadNo = await load(engine, lease);
    await expireLeases(engine);

    const second = await openRun(engine, { fingerprint: OTHER_FINGERPRINT });
    t.like(second, { outcome: 'superseded', chunks: 2, users: 8 });
    t.is((await database.readRun(first.runId))?.state, 'cancelled');
    t.deepEqual(await statuses(engine), Array(8).fill('new'));
    await t.throwsAsync(database.publishChunk(lease, publishRequest(loadNo)), { code: 'LEASE_LOST' });
    t.is(await count(engine, 'card_recommendations'), 0);
  },

  'run: users left pending by a run that is no more are planned again': async (t, engine) => {
    await importUsers(engine, 4);
    await engine.execute("UPDATE user_spending_data SET processing_status = 'pending' WHERE user_id = 'CK0000002'");
    t.is((await openRun(engine)).users, 4);
  },

  'run: what became new meanwhile makes another round, three at most': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 2);
    const { runId } = await openRun(engine);
    for (let round = 1; round <= 3; round++) {
      await process(engine, await claim(engine, runId));
      await importUsers(engine, 2, n => n + round);
      const { outcome } = await database.advanceRun(runId);
      t.is(outcome, round < 3 ? 'planned' : 'closed');
    }
    t.deepEqual(await statuses(engine), ['new', 'new']);
    t.like(await database.readRun(runId), { state: 'done', round: 3, completed: 6, chunks: 3 });
  },

  'run: it waits for the chunks of others': async (t, engine) => {
    await importUsers(engine, 2);
    const { runId } = await openRun(engine);
    await claim(engine, runId);
    t.deepEqual(await engine.database.advanceRun(runId), { outcome: 'wait', state: 'running' });
  },

  'run: paused, no processor claims; resumed, they do': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 8);
    const { runId } = await openRun(engine);
    const lease = await claim(engine, runId);
    t.deepEqual(await database.changeRunState(null, 'paused', 'by an operator'), { runId, state: 'paused' });
    const request = {
      runId,
      processor: 'x',
      token: crypto.randomUUID(),
      fingerprint: 'a'.repeat(64),
      leaseSeconds: 60,
    };
    t.deepEqual(await database.claimChunk(request), { outcome: 'closed', runState: 'paused' });
    t.true(await database.renewLease(lease, 60));
    t.is((await process(engine, lease)).state, 'done');
    t.like(await openRun(engine), { outcome: 'joined', state: 'paused' });
    t.deepEqual(await database.changeRunState(runId, 'running', ''), { runId, state: 'running' });
    t.is((await claim(engine, runId)).chunkNo, 2);
  },

  'run: paused again, it keeps the reason why it was paused; resumed and paused, it has the new one': async (
    t,
    engine,
  ) => {
    const { database } = engine;
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    await database.changeRunState(runId, 'paused', 'GATE_FAILED_SHARE: too many');
    t.deepEqual(await database.changeRunState(null, 'paused', 'looking'), { runId, state: 'paused' });
    t.is((await database.readRun(runId))?.reason, 'GATE_FAILED_SHARE: too many');
    t.is((await database.changeRunState(runId, 'stopped', 'its last processor left'))?.state, 'paused');
    await database.changeRunState(runId, 'running', '');
    t.is((await database.readRun(runId))?.reason, null);
    t.is((await database.changeRunState(runId, 'stopped', 'its last processor left'))?.state, 'stopped');
    await database.changeRunState(runId, 'paused', 'looking');
    t.like(await database.readRun(runId), { state: 'paused', reason: 'looking' });
  },

  'run: cancelled, its chunks are closed, its users new again, and late writers are fenced off': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 8);
    const { runId } = await openRun(engine);
    const lease = await claim(engine, runId);
    const loadNo = await load(engine, lease);
    t.deepEqual(await database.changeRunState(runId, 'cancelled', 'by an operator'), { runId, state: 'cancelled' });
    t.deepEqual(await statuses(engine), Array(8).fill('new'));
    t.false(await database.renewLease(lease, 60));
    await t.throwsAsync(database.publishChunk(lease, publishRequest(loadNo)), { code: 'LEASE_LOST' });
    t.is(await count(engine, 'cardgenius.chunk', "state = 'cancelled'"), 2);
    t.is(await database.changeRunState(runId, 'running', ''), undefined);
  },

  'run: stopped only where no other processor goes on; opened again, it goes on': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 8);
    const { runId } = await openRun(engine);
    const lease = await claim(engine, runId);
    t.is((await database.changeRunState(runId, 'stopped', 'one of two'))?.state, 'running');
    t.true(await database.releaseChunk(lease));
    t.is((await database.changeRunState(runId, 'stopped', 'the last one'))?.state, 'stopped');
    t.like(await openRun(engine), { outcome: 'joined', runId, state: 'running', chunks: 2 });
  },

  // spring-batch#5397, #3788: a restart at the same time in two places made two executions of one job.
  'run: six processors that open a stopped run at once, or none where none is, share one': async (t, engine) => {
    await importUsers(engine, 8);
    const openAtOnce = async () => {
      const opened = await Promise.all(Array.from({ length: 6 }, () => openRun(engine)));
      return {
        runs: new Set(opened.map(({ runId }) => runId)).size,
        planned: opened.filter(({ outcome }) => outcome === 'planned').length,
        states: [...new Set(opened.map(({ state }) => state))],
        runId: opened[0]!.runId,
      };
    };
    const first = await openAtOnce();
    t.like(first, { runs: 1, planned: 1, states: ['running'] });
    await process(engine, await claim(engine, first.runId));
    t.is((await engine.database.changeRunState(first.runId, 'stopped', 'Ctrl-C'))?.state, 'stopped');
    t.deepEqual(await openAtOnce(), { runs: 1, planned: 0, states: ['running'], runId: first.runId });
    t.is(await count(engine, 'cardgenius.run'), 1);
    t.is(await count(engine, 'cardgenius.chunk', "state = 'open'"), 1);
    await process(engine, await claim(engine, first.runId));
    t.like(await engine.database.advanceRun(first.runId), { state: 'done' });
    t.is(await count(engine, 'card_recommendations'), 80);
  },

  'run: a run that does not exist is said to be missing': async (t, engine) => {
    await t.throwsAsync(engine.database.advanceRun(4711), { code: 'NO_SUCH_RUN' });
    t.is(await engine.database.readRun(4711), undefined);
  },

  'run: progress adds its chunks up': async (t, engine) => {
    await importUsers(engine, 8);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId), { failed: [1] });
    t.like(await engine.database.readRun(null), {
      runId,
      kind: 'batch',
      state: 'running',
      chunks: 2,
      chunksOpen: 1,
      chunksLeased: 0,
      chunksClosed: 1,
      plannedUsers: 8,
      completed: 3,
      failed: 1,
      rowsWritten: 30,
      rowsUnchanged: 0,
      finishedAt: null,
    });
  },
};
