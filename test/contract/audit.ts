import type { Verification, Violation } from '../../src/database/audit.ts';
import { claim, expireLeases, importUsers, load, openRun, process, statuses, userId } from './context.ts';
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
  'known_status',
];

/** What is wrong, with the user or chunk before it. */
function nameOf({ userId: id, runId, chunkNo, wrong }: Violation): string {
  if (id !== null) return `${id}: ${wrong}`;
  return runId === null ? wrong : `run ${runId}, chunk ${chunkNo}: ${wrong}`;
}

/** Babelfish: not at all, or not below a view. */
const STAND_IN_CANNOT = /not currently supported in Babelfish|cannot alter type of a column used by a view or rule/;

export const auditContract: ContractTests = {
  'verify: after a run every check holds': async (t, engine) => {
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId), { failed: [2] });
    await engine.database.advanceRun(runId);
    const { checks: found, violations } = await engine.audit.verifyDatabase(10);
    t.deepEqual(
      found.map(({ check }) => check),
      CHECKS,
    );
    t.deepEqual(
      found.filter(result => result.violations > 0),
      [],
    );
    t.deepEqual(violations, []);
  },

  'verify: a load that was given up is no fault while a processor is at work, and is one where none is': async (
    t,
    engine,
  ) => {
    await importUsers(engine, 4);
    const lease = await claim(engine, (await openRun(engine)).runId);
    await load(engine, lease);
    await engine.database.beginLoad(lease); // the load before is dead from here on
    const staged = async () =>
      (await engine.audit.verifyDatabase()).checks.find(({ check }) => check === 'nothing_staged')!.violations;
    t.is(await staged(), 0);
    await expireLeases(engine);
    const isStagedInTempdb = engine.target.dialect === 'mssql';
    t.is(await staged(), isStagedInTempdb ? 0 : 40);
    await engine.database.sweepStaging();
    t.is(await staged(), 0);
  },

  'verify: each fault is found, and by its own check': async (t, engine) => {
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId));
    await engine.database.advanceRun(runId);

    const faults: readonly [check: string, fault: string, undo: string, wrong: RegExp][] = [
      ['net_adds_up', "UPDATE card_recommendations SET net_savings = net_savings + 1 WHERE user_id = 'CK0000001' AND rank = 1",
        "UPDATE card_recommendations SET net_savings = net_savings - 1 WHERE user_id = 'CK0000001' AND rank = 1",
        /^CK0000001: rank 1: net_savings 1501\.10, but 1000\.10 \+ 500\.00 - 0\.00 is 1500\.10$/],
      ['order_by_net', "UPDATE card_recommendations SET total_savings_yearly = total_savings_yearly + 9000, net_savings = net_savings + 9000 WHERE user_id = 'CK0000002' AND rank = 9",
        "UPDATE card_recommendations SET total_savings_yearly = total_savings_yearly - 9000, net_savings = net_savings - 9000 WHERE user_id = 'CK0000002' AND rank = 9",
        /^CK0000002: rank 9: net_savings \d+\.\d\d, more than the \d+\.\d\d of the rank before$/],
      ['distinct_cards', "UPDATE card_recommendations SET card_name = 'Card 00' WHERE user_id = 'CK0000003' AND rank = 2",
        "UPDATE card_recommendations SET card_name = 'Card 01' WHERE user_id = 'CK0000003' AND rank = 2", /^CK0000003: 10 rows, 9 cards$/],
      ['failed_with_reason', "UPDATE user_spending_data SET processing_status = 'failed' WHERE user_id = 'CK0000004'",
        "UPDATE user_spending_data SET processing_status = 'completed' WHERE user_id = 'CK0000004'", /^CK0000004: failed, and processing_error is NULL$/],
      ['pending_with_chunk', "UPDATE user_spending_data SET processing_status = 'pending' WHERE user_id = 'CK0000004'",
        "UPDATE user_spending_data SET processing_status = 'completed' WHERE user_id = 'CK0000004'", /^CK0000004: pending, and in no chunk/],
      ['chunks_add_up', 'UPDATE cardgenius.chunk SET rows_written = rows_written + 1', 'UPDATE cardgenius.chunk SET rows_written = rows_written - 1',
        /^run \d+, chunk 1: 4 users: 4 completed, 0 failed, 0 changed, 0 gone; 41 rows written, 0 unchanged$/],
      ['runs_add_up', "UPDATE cardgenius.chunk SET state = 'open', closed_at = NULL", "UPDATE cardgenius.chunk SET state = 'done', closed_at = '2026-01-01'",
        /^run \d+, chunk 1: the run is done, and this chunk is open$/],
      ['nothing_staged', "INSERT INTO cardgenius.staged_outcome (load_no, user_no, error_code) VALUES (999999, 1, 'X')", 'DELETE FROM cardgenius.staged_outcome',
        /^load 999999: 1 rows in staged_outcome$/],
      ['nothing_staged', "INSERT INTO cardgenius.staged_spending (user_id, load_no, line_no) SELECT 'CK0000001', MAX(load_no), 1 FROM cardgenius.import", 'DELETE FROM cardgenius.staged_spending',
        /^load \d+: 1 rows in staged_spending$/],
      ['completed_without_cards', "UPDATE card_recommendations SET user_id = 'CK9' WHERE user_id = 'CK0000003'",
        "UPDATE card_recommendations SET user_id = 'CK0000003' WHERE user_id = 'CK9'", /^CK0000003: completed, and has no rows$/],
      ['ten_ranks', "DELETE FROM card_recommendations WHERE user_id = 'CK0000001' AND rank = 5", '', /^CK0000001: 9 rows, 9 ranks, from 1 to 10$/],
      ['users_there', "DELETE FROM user_spending_data WHERE user_id = 'CK0000002'", '', /^CK0000002: 10 rows, and no row in user_spending_data$/],
    ]; // biome-ignore format: a table
    const violated = ({ checks }: Verification) =>
      checks.filter(({ violations }) => violations > 0).map(({ check }) => check);
    for (const [check, fault, undo, wrong] of faults) {
      const before = violated(await engine.audit.verifyDatabase());
      await engine.execute(fault);
      const found = await engine.audit.verifyDatabase(10);
      t.true(violated(found).includes(check) && !before.includes(check), `${check}: ${violated(found)}`);
      t.deepEqual(
        [...new Set(found.violations.map(violation => violation.check))],
        violated(found),
        'each has its rows',
      );
      const own = found.violations.filter(violation => violation.check === check);
      t.deepEqual(
        own.map(nameOf).filter(text => !wrong.test(text)),
        [],
      );
      t.true(own.length > 0);
      if (undo !== '') await engine.execute(undo);
    }
    const { checks: last } = await engine.audit.verifyDatabase();
    t.like(
      last.find(({ check }) => check === 'ten_ranks'),
      { severity: 'fail', violations: 1 },
    );
    t.like(
      last.find(({ check }) => check === 'users_there'),
      { severity: 'warn', violations: 1, sample: userId(2) },
    );
    await engine.execute("DELETE FROM user_spending_data WHERE user_id IN ('CK0000001', 'CK0000003')");
    const { violations } = await engine.audit.verifyDatabase(2);
    t.deepEqual(
      violations.filter(({ check }) => check === 'users_there').map(({ severity, userId: id }) => [severity, id]),
      [
        ['warn', userId(1)],
        ['warn', userId(2)],
      ],
      'no more than were asked for',
    );
  },

  'verify: a NULL where the PRD has none is told by its column': async (t, engine) => {
    await importUsers(engine, 1);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId));
    const column = 'ALTER TABLE card_recommendations ALTER COLUMN redemption_method';
    const isMssql = engine.database.description.startsWith('mssql');
    try {
      await engine.execute(isMssql ? `${column} VARCHAR(50) NULL` : `${column} DROP NOT NULL`);
    } catch (error) {
      t.regex(String(error), STAND_IN_CANNOT, 'a stand-in cannot take NOT NULL away');
      return;
    }
    await engine.execute('UPDATE card_recommendations SET redemption_method = NULL WHERE rank = 3');
    const { violations } = await engine.audit.verifyDatabase(10);
    await engine.execute("UPDATE card_recommendations SET redemption_method = 'Vouchers' WHERE rank = 3");
    await engine.execute(isMssql ? `${column} VARCHAR(50) NOT NULL` : `${column} SET NOT NULL`);
    t.deepEqual(violations.filter(({ check }) => check === 'no_null').map(nameOf), [
      `${userId(1)}: rank 3: NULL in redemption_method`,
    ]);
  },

  'verify: a status that no run looks for is a warning, and counted': async (t, engine) => {
    await importUsers(engine, 3);
    const isMssql = engine.database.description.startsWith('mssql');
    const alter = 'ALTER TABLE user_spending_data';
    await engine.execute(`${alter} DROP CONSTRAINT ck_user_spending_data_status`);
    const set = (n: number, status: string) =>
      engine.execute(`UPDATE user_spending_data SET processing_status = ${status} WHERE user_id = '${userId(n)}'`);
    await set(1, "'done'");
    const wrong = [`${userId(1)}: processing_status is 'done': no run looks for it`];
    const column = `${alter} ALTER COLUMN processing_status`;
    let mayBeNull = true;
    try {
      await engine.execute(isMssql ? `${column} VARCHAR(20) NULL` : `${column} DROP NOT NULL`);
    } catch (error) {
      t.regex(String(error), STAND_IN_CANNOT, 'a stand-in cannot take NOT NULL away');
      mayBeNull = false;
    }
    if (mayBeNull) {
      await set(2, 'NULL');
      wrong.push(`${userId(2)}: processing_status is NULL: no run looks for it`);
    }
    const { checks, violations } = await engine.audit.verifyDatabase(10);
    const counts = await engine.database.countUsers();
    const others = await engine.maintenance.countOtherStatuses();
    await engine.execute("UPDATE user_spending_data SET processing_status = 'new'");
    if (mayBeNull) await engine.execute(isMssql ? `${column} VARCHAR(20) NOT NULL` : `${column} SET NOT NULL`);
    await engine.execute(
      `${alter} ADD CONSTRAINT ck_user_spending_data_status CHECK (processing_status IN ('new', 'pending', 'completed', 'failed'))`,
    );

    t.deepEqual(
      checks.filter(check => check.violations > 0),
      [{ check: 'known_status', severity: 'warn', violations: wrong.length, sample: userId(1) }],
    );
    t.deepEqual(violations.map(nameOf), wrong);
    t.like(counts, { new: 3 - wrong.length, other: wrong.length });
    t.is(others, wrong.length);
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

    // A reason that another program wrote has no code; errors says OTHER of it, and so does retry.
    const fail = (n: number, error: string) =>
      engine.execute(
        `UPDATE user_spending_data SET processing_status = 'failed', processing_error = ${error} WHERE user_id = '${userId(n)}'`,
      );
    await fail(4, "'by hand'");
    await fail(5, 'NULL');
    await fail(6, "'ENGINE_FAILED: of ours'");
    t.deepEqual(
      (await engine.audit.listFailures(null, 9)).map(({ code }) => code),
      [null, null, 'ENGINE_FAILED'],
    );
    t.is(await engine.audit.retryUsers({ ...filter, code: 'OTHER' }), 2);
    t.is(await engine.audit.retryUsers({ ...filter, code: 'ENGINE_FAILED' }), 1);
  },

  'redo: counts first; then the completed users, or those with a card, are new again': async (t, engine) => {
    await importUsers(engine, 8);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId), { failed: [1] });
    await process(engine, await claim(engine, runId), { shift: 2 });
    const all = { cardName: null, olderThan: null, runId: null };
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

  'redo: the users computed before a time, to the user, however the chunks of later runs lie': async (t, engine) => {
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

    const before = (time: string, cardName: string | null = null) => ({
      cardName,
      olderThan: new Date(time),
      runId: null,
    });
    t.is(await audit.redoUsers(before('2026-01-04T23:59:59Z'), false), 0);
    t.is(await audit.redoUsers(before('2026-01-05T00:00:00Z'), false), 0, 'at that very moment is not before it');
    t.is(await audit.redoUsers(before('2026-01-05T00:00:01Z'), false), 5);
    t.is(await audit.redoUsers(before('2026-01-05T00:00:01Z', 'no such card'), false), 0);
    t.is(await audit.redoUsers(before('2999-01-01T00:00:00Z'), false), 6, 'also who was computed just now');
    t.is(await audit.redoUsers(before('2026-01-05T00:00:01Z', 'Card 00'), true), 5);
    const expected = ['completed', 'failed', 'new', 'new', 'new', 'new', 'new', 'failed'];
    t.deepEqual(await statuses(engine), expected);
  },

  'redo: the users that a run completed and no others, also where a later run completed them again': async (
    t,
    { audit, database, ...engine },
  ) => {
    const all = { ...engine, audit, database };
    const ofRun = (runId: number, apply = false) => audit.redoUsers({ cardName: null, olderThan: null, runId }, apply);
    const dueAgain = (...users: number[]) =>
      engine.execute(
        `UPDATE user_spending_data SET processing_status = 'new' WHERE user_id IN (${users.map(n => `'${userId(n)}'`)})`,
      );
    await importUsers(all, 8);
    const good = await openRun(all);
    await process(all, await claim(all, good.runId), { failed: [2] });
    await process(all, await claim(all, good.runId));
    await t.throwsAsync(ofRun(good.runId), { code: 'RUN_ACTIVE', message: /run \d+ is not over: / });
    await database.advanceRun(good.runId);

    // The bad run is cancelled after its first chunk: users 7 and 8 keep their cards, and are new anyway.
    await dueAgain(1, 4, 6, 7, 8);
    const bad = await openRun(all, { chunkSize: 3 });
    await process(all, await claim(all, bad.runId));
    await database.changeRunState(bad.runId, 'cancelled', 'a wrong catalogue');
    await dueAgain(1);
    const after = await openRun(all, { userLimit: 1, maxRounds: 1 });
    await process(all, await claim(all, after.runId));
    await database.advanceRun(after.runId);

    t.is(await ofRun(bad.runId), 3);
    t.is(await ofRun(bad.runId, true), 3);
    const expected = ['new', 'failed', 'completed', 'new', 'completed', 'new', 'new', 'new'];
    t.deepEqual(await statuses(all), expected);
    t.is(await ofRun(bad.runId, true), 0, 'they are new already');
    t.is(await ofRun(after.runId), 0);
    t.is(await ofRun(good.runId, true), 2, 'of its seven those who are completed now');

    await t.throwsAsync(ofRun(after.runId + 1), { code: 'NO_SUCH_RUN', message: /there is no run \d+, or prune has/ });
    await engine.execute(`DELETE FROM cardgenius.completed_user WHERE run_id = ${good.runId}`);
    await t.throwsAsync(ofRun(good.runId), {
      code: 'NO_COMPLETED_USERS',
      message: /run \d+ has completed is no longer/,
    });
    const dry = await openRun(all, { kind: 'dry_run', chunkSize: 8 });
    await process(all, await claim(all, dry.runId));
    await database.advanceRun(dry.runId);
    await t.throwsAsync(ofRun(dry.runId, true), { code: 'NO_COMPLETED_USERS', message: /run \d+ was a dry run: / });
  },

  'redo: a user without a record is older than any time': async (t, engine) => {
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    await process(engine, await claim(engine, runId));
    const filter = { cardName: null, olderThan: new Date('2020-01-01'), runId: null };
    t.is(await engine.audit.redoUsers(filter, true), 0);
    await engine.execute('DELETE FROM cardgenius.completed_user');
    t.is(await engine.audit.redoUsers(filter, true), 4);
  },
};
