import { publish } from '../../src/batch/publisher.ts';
import { DatabaseError } from '../../src/model/errors.ts';
import {
  CARDS,
  claim,
  count,
  expireLeases,
  importUsers,
  load,
  openRun,
  process,
  publishRequest,
  recommend,
  refuseByTrigger,
  statuses,
  userId,
} from './context.ts';
import type { ContractTests } from './suite.ts';

/** A trigger that makes each statement on card_recommendations wait, after its rows are written, for the gate's row. */
const WAITS = {
  mssql: [
    `CREATE TRIGGER dbo.contract_waits ON dbo.card_recommendations AFTER INSERT, UPDATE, DELETE AS
       UPDATE dbo.contract_gate SET number = number + 1`,
  ],
  endMssql: ['DROP TRIGGER dbo.contract_waits'],
  postgres: [
    `CREATE FUNCTION contract_waits() RETURNS TRIGGER LANGUAGE plpgsql AS $$
       BEGIN UPDATE contract_gate SET number = number + 1; RETURN NULL; END $$`,
    `CREATE TRIGGER contract_waits AFTER INSERT OR UPDATE OR DELETE ON card_recommendations
       FOR EACH STATEMENT EXECUTE FUNCTION contract_waits()`,
  ],
  endPostgres: ['DROP TRIGGER contract_waits ON card_recommendations', 'DROP FUNCTION contract_waits()'],
} as const;

export const publishContract: ContractTests = {
  'publish: ten rows a user, statuses, counts, and nothing is left staged': async (t, engine) => {
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    const lease = await claim(engine, runId);
    t.deepEqual(await process(engine, lease), {
      state: 'done',
      users: 4,
      completed: 4,
      failed: 0,
      changed: 0,
      gone: 0,
      rowsWritten: 40,
      rowsUnchanged: 0,
    });
    t.deepEqual(await statuses(engine), Array(4).fill('completed'));
    t.is(await count(engine, 'card_recommendations'), 40);
    t.is(
      await count(
        engine,
        'card_recommendations',
        'net_savings = total_savings_yearly + total_extra_benefits - joining_fees',
      ),
      40,
    );
    for (const table of ['staged_recommendation', 'staged_outcome', 'chunk_user']) {
      t.is(await count(engine, `cardgenius.${table}`), 0, table);
    }
    const [attempt] = await engine.query('SELECT outcome, compute_ms, load_ms FROM cardgenius.chunk_attempt');
    t.deepEqual([attempt!.outcome, Number(attempt!.compute_ms), Number(attempt!.load_ms)], ['done', 1, 2]);
  },

  'publish: a name that differs in its case, in a blank at its end or in one accent is written': async (t, engine) => {
    const names = ['Card Z', 'CARD Z', 'CARD Z ', 'C\u00c1RD Z ', 'C\u00c1RD Z '];
    for (const [i, name] of names.entries()) {
      if (i === 0) await importUsers(engine, 1);
      await engine.execute("UPDATE user_spending_data SET processing_status = 'new'");
      const cards = CARDS.map(card => (card.cardNo === 4 ? { ...card, name } : card));
      const { runId } = await openRun(engine, { cards });
      await process(engine, await claim(engine, runId));
      await engine.database.advanceRun(runId);
      const [row] = await engine.query('SELECT card_name FROM card_recommendations WHERE rank = 5');
      t.is(row!.card_name, name);
      const [chunk] = await engine.query(`SELECT rows_written FROM cardgenius.chunk WHERE run_id = ${runId}`);
      t.is(Number(chunk!.rows_written), [10, 1, 1, 1, 0][i]!);
    }
  },

  'publish: a reader in the middle of it sees the old ten of a user, and after it the new ten': async (t, engine) => {
    if (engine.openSession === undefined) {
      const why = 'NOT TESTED: A READER IN THE MIDDLE OF A PUBLISH. The suite has one session only on this engine.';
      console.error(`\n${why}\n`);
      t.pass(why);
      return;
    }
    const cards = async () => {
      const rows = await engine.query(
        `SELECT card_name FROM card_recommendations WHERE user_id = '${userId(1)}' ORDER BY rank`,
      );
      return rows.map(({ card_name: name }) => String(name));
    };
    await importUsers(engine, 1);
    const first = await openRun(engine);
    await process(engine, await claim(engine, first.runId));
    await engine.database.advanceRun(first.runId);
    const old = await cards();
    await importUsers(engine, 1, n => n * 200);
    const lease = await claim(engine, (await openRun(engine)).runId);
    const loadNo = await load(engine, lease, { shift: 2 });

    // The rows are written, and the transaction waits at the gate for as long as the test holds it.
    await engine.execute('CREATE TABLE contract_gate (number INTEGER)');
    await engine.execute('INSERT INTO contract_gate (number) VALUES (0)');
    const isMssql = engine.database.description.startsWith('mssql');
    for (const statement of isMssql ? WAITS.mssql : WAITS.postgres) await engine.execute(statement);
    const gate = await engine.openSession();
    try {
      await gate.execute('BEGIN TRANSACTION');
      await gate.execute('UPDATE contract_gate SET number = number');
      const publishing = engine.database.publishChunk(lease, publishRequest(loadNo));
      await gate.isWaitedFor();
      const reading = cards();
      // SQL Server without row versions makes the reader wait for the publish; everywhere else it has its answer now.
      if (!isMssql) t.deepEqual(await reading, old, 'in the middle');
      await gate.execute('COMMIT');
      t.like(await publishing, { completed: 1, rowsWritten: 10 });
      const seen = await reading;
      t.true([old.join(), (await cards()).join()].includes(seen.join()), `old or new, but: ${seen.join()}`);
    } finally {
      await gate[Symbol.asyncDispose]();
      for (const statement of isMssql ? WAITS.endMssql : WAITS.endPostgres) await engine.execute(statement);
      await engine.execute('DROP TABLE contract_gate');
    }
    const written = await cards();
    t.is(written.length, 10);
    t.is(old.length, 10);
    t.notDeepEqual(written, old);
    t.false(written.includes('Card 00'), 'the new ten begin with the third card');
  },

  'publish: called again when the answer was lost, it is the same': async (t, engine) => {
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    const lease = await claim(engine, runId);
    const loadNo = await load(engine, lease);
    const first = await engine.database.publishChunk(lease, publishRequest(loadNo));
    t.deepEqual(await engine.database.publishChunk(lease, publishRequest(loadNo)), first);
    t.is(await count(engine, 'card_recommendations'), 40);
  },

  'publish: ten ranks replace ten ranks, and rows that would not change are not written': async (t, engine) => {
    await importUsers(engine, 4);
    const first = await openRun(engine);
    await process(engine, await claim(engine, first.runId));
    await engine.database.advanceRun(first.runId);

    await engine.execute("UPDATE user_spending_data SET processing_status = 'new'");
    const second = await openRun(engine);
    t.like(await process(engine, await claim(engine, second.runId)), {
      completed: 4,
      rowsWritten: 0,
      rowsUnchanged: 40,
    });
    await engine.database.advanceRun(second.runId);

    await engine.execute("UPDATE user_spending_data SET processing_status = 'new'");
    const third = await openRun(engine);
    t.like(await process(engine, await claim(engine, third.runId), { shift: 1 }), {
      rowsWritten: 40,
      rowsUnchanged: 0,
    });
    t.is(await count(engine, 'card_recommendations'), 40);
    t.is(await count(engine, 'card_recommendations', "card_name = 'Card 00'"), 0);
  },

  'publish: a row is the same whether its users’ range was empty, partly filled or full': async (t, engine) => {
    const stored = async () =>
      (await engine.database.exportRecommendations(null, 1_000)).map(
        ({ processedAt, createdAt, updatedAt, batchId, ...row }) => row,
      );
    const again = async (emptied: string) => {
      await engine.execute(`DELETE FROM card_recommendations WHERE ${emptied}`);
      await engine.execute("UPDATE user_spending_data SET processing_status = 'new'");
      const { runId } = await openRun(engine);
      const { rowsWritten, rowsUnchanged } = await process(engine, await claim(engine, runId));
      await engine.database.advanceRun(runId);
      return [rowsWritten, rowsUnchanged];
    };
    await importUsers(engine, 4);
    t.deepEqual(await again('1 = 1'), [40, 0]);
    const intoNothing = await stored();
    t.is(intoNothing.length, 40);
    t.deepEqual(await again(`user_id IN ('${userId(1)}', '${userId(3)}')`), [20, 20]);
    t.deepEqual(await stored(), intoNothing);
    t.deepEqual(await again('rank > 4'), [24, 16]);
    t.deepEqual(await stored(), intoNothing);
    t.deepEqual(await again('1 = 0'), [0, 40]);
    t.deepEqual(await stored(), intoNothing);
  },

  'publish: a failed user keeps last week’s rows, and says why': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 3);
    const first = await openRun(engine);
    await process(engine, await claim(engine, first.runId));
    await database.advanceRun(first.runId);

    await engine.execute("UPDATE user_spending_data SET processing_status = 'new'");
    const second = await openRun(engine);
    const result = await process(engine, await claim(engine, second.runId), { shift: 2, failed: [2] });
    t.like(result, { completed: 2, failed: 1, rowsWritten: 20 });
    t.deepEqual(await statuses(engine), ['completed', 'failed', 'completed']);
    t.is((await database.readSpending(userId(2)))?.error, 'INVALID_SPENDING: user number 2 is bad');
    t.is(await count(engine, 'card_recommendations', `user_id = '${userId(2)}' AND card_name = 'Card 00'`), 1);
    t.is(await count(engine, 'cardgenius.failed_user', "code = 'INVALID_SPENDING'"), 1);
  },

  'publish: a user who failed and then succeeds has no error any more': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 1);
    const first = await openRun(engine);
    await process(engine, await claim(engine, first.runId), { failed: [1] });
    await database.advanceRun(first.runId);
    await engine.execute("UPDATE user_spending_data SET processing_status = 'new'");
    const second = await openRun(engine);
    await process(engine, await claim(engine, second.runId));
    t.like(await database.readSpending(userId(1)), { status: 'completed', error: null });
  },

  'publish: changed meanwhile is new again, set by others stands, deleted is gone; none of them gets a row': async (
    t,
    engine,
  ) => {
    await importUsers(engine, 6);
    const { runId } = await openRun(engine, { chunkSize: 6 });
    const lease = await claim(engine, runId);
    const loadNo = await load(engine, lease, { failed: [6] });
    await engine.execute(`UPDATE user_spending_data SET avg_amazon_gmv = 1.5 WHERE user_id = '${userId(1)}'`);
    await engine.execute(`UPDATE user_spending_data SET avg_flipkart_gmv = 0 WHERE user_id = '${userId(2)}'`);
    await engine.execute(`UPDATE user_spending_data SET processing_status = 'failed' WHERE user_id = '${userId(3)}'`);
    await engine.execute(`DELETE FROM user_spending_data WHERE user_id = '${userId(4)}'`);
    await engine.execute(`UPDATE user_spending_data SET avg_amazon_gmv = 9 WHERE user_id = '${userId(6)}'`);

    t.deepEqual(await engine.database.publishChunk(lease, publishRequest(loadNo)), {
      state: 'done',
      users: 6,
      completed: 1,
      failed: 0,
      changed: 4,
      gone: 1,
      rowsWritten: 10,
      rowsUnchanged: 0,
    });
    t.deepEqual(await statuses(engine), ['new', 'new', 'failed', 'completed', 'new']);
    t.is(await count(engine, 'card_recommendations', `user_id = '${userId(5)}'`), 10);
    t.is(await count(engine, 'card_recommendations'), 10);
  },

  'publish: a load that does not add up is refused whole': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    const lease = await claim(engine, runId);
    const users = await database.readChunk(lease);
    const loadNo = (await database.beginLoad(lease))!;
    const slice = recommend({ count: 3, userNo: users.userNo.slice(0, 3), amounts: users.amounts });
    await database.stage(loadNo, [slice]);
    const error = await t.throwsAsync(database.publishChunk(lease, publishRequest(loadNo)), {
      instanceOf: DatabaseError,
      code: 'STAGING_INCOMPLETE',
    });
    t.is(error!.errorClass, 'transient');
    t.deepEqual(await statuses(engine), Array(4).fill('pending'));
    t.is((await process(engine, lease)).completed, 4);
  },

  'publish: a user who is both served and failed is refused with the load': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    const lease = await claim(engine, runId);
    const slice = recommend(await database.readChunk(lease));
    const loadNo = (await database.beginLoad(lease))!;
    const failures = [{ userNo: 2, code: 'ENGINE_FAILED', message: 'and yet it answered' }];
    await database.stage(loadNo, [{ ...slice, failures }]);
    await t.throwsAsync(database.publishChunk(lease, publishRequest(loadNo)), { code: 'STAGING_INCOMPLETE' });
    t.is((await process(engine, lease)).completed, 4);
  },

  'publish: only the newest load of a chunk is read; dead ones are swept': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    const lease = await claim(engine, runId);
    const dead = await load(engine, lease, { shift: 2 });
    const living = await load(engine, lease);
    await t.throwsAsync(database.publishChunk(lease, publishRequest(dead)), { code: 'STAGING_INCOMPLETE' });
    const staged = await count(engine, 'cardgenius.staged_recommendation'); // of both loads; on SQL Server they are in tempdb
    t.is(await database.sweepStaging(), staged / 2);
    t.is((await database.publishChunk(lease, publishRequest(living))).completed, 4);
    t.is(await count(engine, 'card_recommendations', "card_name = 'Card 00'"), 4);
    t.is(await database.sweepStaging(), 0);
  },

  'publish: span by span, the chunk closes with the last of them': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    const lease = await claim(engine, runId);
    const loadNo = await load(engine, lease);
    const span = (from: number, to: number) => publishRequest(loadNo, { span: { from, to } });
    t.like(await database.publishChunk(lease, span(1, 2)), { state: 'leased', completed: 2 });
    t.like(await database.publishChunk(lease, span(1, 2)), { state: 'leased', completed: 2 });
    const failure = { code: 'REFUSED_BY_DATABASE', message: 'said no' };
    t.like(await database.publishChunk(lease, { ...span(3, 3), failure }), { state: 'leased', failed: 1 });
    t.like(await database.publishChunk(lease, span(4, 4)), { state: 'done', completed: 3, failed: 1, rowsWritten: 30 });
    t.deepEqual(await statuses(engine), ['completed', 'completed', 'failed', 'completed']);
    t.is((await database.readSpending(userId(3)))?.error, 'REFUSED_BY_DATABASE: said no');
    t.is(await count(engine, 'cardgenius.staged_recommendation'), 0);
  },

  'publish: what was decided span by span before a lease ran out stays decided': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    const dead = await claim(engine, runId);
    const loadNo = await load(engine, dead);
    await database.publishChunk(dead, publishRequest(loadNo, { span: { from: 1, to: 2 } }));
    await expireLeases(engine);
    const living = await claim(engine, runId);
    const users = await database.readChunk(living);
    t.deepEqual([...users.userNo], [3, 4]);
    t.like(await process(engine, living), { state: 'done', users: 4, completed: 4, rowsWritten: 40 });
  },

  'publish: one row that the database refuses fails alone, with the database’s words': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 7);
    await engine.execute(
      `ALTER TABLE card_recommendations ADD CONSTRAINT ck_contract_refuses CHECK (user_id NOT IN ('${userId(3)}', '${userId(6)}'))`,
    );
    try {
      const { runId } = await openRun(engine, { chunkSize: 7 });
      const lease = await claim(engine, runId);
      const loadNo = await load(engine, lease);
      const error = await t.throwsAsync(database.publishChunk(lease, publishRequest(loadNo)), {
        instanceOf: DatabaseError,
      });
      t.is(error!.errorClass, 'data');
      t.deepEqual(await statuses(engine), Array(7).fill('pending'));

      const result = await publish(database, lease, { loadNo, lastUserNo: 7, computeMs: 1, loadMs: 1 }, 60);
      t.like(result, { state: 'done', users: 7, completed: 5, failed: 2 });
      const error3 = String((await database.readSpending(userId(3)))?.error);
      t.regex(error3, /^REFUSED_BY_DATABASE: .*ck_contract_refuses/);
      t.is(await count(engine, 'cardgenius.chunk', 'refused = 2'), 1);
      t.is(await count(engine, 'card_recommendations'), 50);
    } finally {
      await engine.execute('ALTER TABLE card_recommendations DROP CONSTRAINT ck_contract_refuses');
    }
  },

  'publish: a trigger with an error number of its own, one of ours among them, fails its user alone': async (
    t,
    engine,
  ) => {
    const { database } = engine;
    for (const [round, number] of [51000, 50001].entries()) {
      await importUsers(engine, 7, n => n * 100 + round);
      const drop = await refuseByTrigger(engine, 'card_recommendations', `{row}.user_id = '${userId(3)}'`, { number });
      try {
        const { runId } = await openRun(engine, { chunkSize: 7 });
        const lease = await claim(engine, runId);
        const loadNo = await load(engine, lease, { shift: round });
        const error = await t.throwsAsync(database.publishChunk(lease, publishRequest(loadNo)), {
          instanceOf: DatabaseError,
        });
        t.is(error!.errorClass, 'data');
        const result = await publish(database, lease, { loadNo, lastUserNo: 7, computeMs: 1, loadMs: 1 }, 60);
        t.like(result, { state: 'done', users: 7, completed: 6, failed: 1 });
        t.regex(String((await database.readSpending(userId(3)))?.error), /^REFUSED_BY_DATABASE: not this one/);
        await database.advanceRun(runId);
      } finally {
        await drop();
      }
    }
  },
};
