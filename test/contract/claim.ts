import { randomUUID } from 'node:crypto';
import {
  claim,
  count,
  expireLeases,
  FINGERPRINT,
  importUsers,
  load,
  openRun,
  process,
  publishRequest,
  statuses,
  userId,
} from './context.ts';
import type { ContractTests } from './suite.ts';

export const claimContract: ContractTests = {
  'claim: a time to come is taken from the owner alone; of another login the server goes by its own clock': async (
    t,
    { database, execute, query },
  ) => {
    const isFuture = async () => (await query("SELECT cardgenius.clock('2099-01-01') AS at"))[0]!.at as Date;
    t.is((await isFuture()).getUTCFullYear(), 2099, 'tests run as the owner');
    if (database.description.startsWith('mssql')) return; // test/sql-server/roles.test.ts has logins
    await execute('CREATE ROLE contract_stranger; GRANT USAGE ON SCHEMA cardgenius TO contract_stranger');
    await execute('GRANT EXECUTE ON FUNCTION cardgenius.clock TO contract_stranger');
    await execute(`DO $$
      DECLARE v_minute TIMESTAMPTZ := clock_timestamp() - INTERVAL '1 minute'; v_owner TEXT := session_user;
      BEGIN
        SET SESSION AUTHORIZATION contract_stranger;
        IF cardgenius.clock('2099-01-01') > clock_timestamp() THEN RAISE EXCEPTION 'a time to come was taken'; END IF;
        IF cardgenius.clock('2020-01-01') < v_minute THEN RAISE EXCEPTION 'a time long gone was taken'; END IF;
        IF cardgenius.clock(v_minute) <> v_minute THEN RAISE EXCEPTION 'what a function hands on was not taken'; END IF;
        EXECUTE format('SET SESSION AUTHORIZATION %I', v_owner); -- PGlite knows no other way back
      END $$`);
    await execute('REVOKE ALL ON SCHEMA cardgenius FROM contract_stranger');
    await execute('REVOKE ALL ON FUNCTION cardgenius.clock FROM contract_stranger');
    await execute('DROP ROLE contract_stranger');
    t.pass();
  },

  'claim: the same token gets the same answer, another one another chunk, and then none is left': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 8);
    const { runId } = await openRun(engine);
    const request = { runId, processor: 'one', token: randomUUID(), fingerprint: FINGERPRINT, leaseSeconds: 60 };
    const first = await database.claimChunk(request);
    t.deepEqual(first, { outcome: 'claimed', chunkNo: 1, users: 4, attempt: 1 });
    t.deepEqual(await database.claimChunk(request), first);
    t.is((await claim(engine, runId)).chunkNo, 2);
    const answer = await database.claimChunk({ ...request, token: randomUUID() });
    t.is(answer.outcome, 'wait');
    t.true(answer.outcome === 'wait' && answer.waitMs > 50_000 && answer.waitMs <= 60_000);
    t.is(await count(engine, 'cardgenius.chunk_attempt'), 2);
  },

  'claim: its users become pending, and only they': async (t, engine) => {
    await importUsers(engine, 8);
    const { runId } = await openRun(engine);
    await claim(engine, runId);
    t.deepEqual(await statuses(engine), [...Array(4).fill('pending'), ...Array(4).fill('new')]);
  },

  'claim: the set is read by number, in paise, NULL as nothing': async (t, engine) => {
    await importUsers(engine, 8);
    const { runId } = await openRun(engine);
    await claim(engine, runId);
    const lease = await claim(engine, runId);
    const slice = await engine.database.readChunk(lease);
    t.is(slice.count, 4);
    t.deepEqual([...slice.userNo], [1, 2, 3, 4]);
    t.deepEqual([...slice.amounts], [...[500, 600, 700, 800], ...Array(16).fill(0), ...[5000, 6000, 7000, 8000]]);
    t.is((await engine.database.readChunk({ ...lease, token: randomUUID() })).count, 0);
  },

  'claim: at most as many as were planned; a user who came later waits for the next round': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    await engine.execute(
      "INSERT INTO user_spending_data (user_id, avg_amazon_gmv, processing_status) VALUES ('CK0000001A', 1, 'new')",
    );
    const lease = await claim(engine, runId);
    t.is(lease.users, 4);
    await process(engine, lease);
    t.is((await database.advanceRun(runId)).outcome, 'planned');
    t.is((await claim(engine, runId)).users, 1);
  },

  'claim: a chunk whose lease has run out is claimed again: same set, spends read afresh, old token fenced off': async (
    t,
    engine,
  ) => {
    const { database } = engine;
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    const dead = await claim(engine, runId);
    const deadLoad = await load(engine, dead);
    await engine.execute(`UPDATE user_spending_data SET avg_amazon_gmv = 77 WHERE user_id = '${userId(2)}'`);
    await expireLeases(engine);

    const living = await claim(engine, runId);
    t.like(living, { chunkNo: dead.chunkNo, users: 4, attempt: 2 });
    t.is((await database.readChunk(living)).amounts[1], 7700);
    t.false(await database.renewLease(dead, 60));
    t.is(await database.beginLoad(dead), undefined);
    t.is(await database.failChunk(dead, { code: 'X', message: 'x', isRetried: true, retryAfterSeconds: 0 }), undefined);
    t.false(await database.releaseChunk(dead));
    await t.throwsAsync(database.publishChunk(dead, publishRequest(deadLoad)), { code: 'LEASE_LOST' });
    t.is((await process(engine, living)).completed, 4);
    t.deepEqual(
      (await engine.query('SELECT outcome FROM cardgenius.chunk_attempt ORDER BY attempt')).map(row => row.outcome),
      ['expired', 'done'],
    );
  },

  'claim: a chunk that was given back is open at once, and the attempt does not count': async (t, engine) => {
    await importUsers(engine, 4);
    const { runId } = await openRun(engine);
    const lease = await claim(engine, runId);
    t.true(await engine.database.releaseChunk(lease));
    const [chunk] = await engine.query('SELECT state, failures, expired_leases FROM cardgenius.chunk');
    t.deepEqual([chunk!.state, Number(chunk!.failures), Number(chunk!.expired_leases)], ['open', 0, 0]);
    t.is((await claim(engine, runId)).users, 4);
  },

  'claim: five leases in a row run out, and the chunk is halved, down to the user who kills': async (t, engine) => {
    const { database } = engine;
    await importUsers(engine, 3);
    const { runId } = await openRun(engine);
    // Whoever has user 2 dies; every other chunk gets through.
    for (let claims = 0; claims < 100; claims++) {
      const request = { runId, processor: 'mortal', token: randomUUID(), fingerprint: FINGERPRINT, leaseSeconds: 60 };
      const answer = await database.claimChunk(request);
      if (answer.outcome !== 'claimed') {
        if ((await database.advanceRun(runId)).outcome === 'closed') break;
        continue;
      }
      const lease = { runId, chunkNo: answer.chunkNo, token: request.token };
      const { amounts, count: users } = await database.readChunk(lease);
      if (amounts.subarray(0, users).includes(200)) await expireLeases(engine);
      else await process(engine, lease);
    }
    t.deepEqual(await statuses(engine), ['completed', 'failed', 'completed']);
    t.regex(String((await database.readSpending(userId(2)))?.error), /^ENGINE_CRASHED: /);
    t.like(await database.readRun(runId), { state: 'done', completed: 2, failed: 1, plannedUsers: 3 });
    t.is(await count(engine, 'cardgenius.chunk', "state = 'split'"), 2);
  },

  'fail: what may pass is tried three times, later each time, and then its users are failed with the reason': async (
    t,
    engine,
  ) => {
    const { database } = engine;
    await importUsers(engine, 2);
    const { runId } = await openRun(engine);
    const failure = { code: 'ENGINE_FAILED', message: 'out of luck', isRetried: true, retryAfterSeconds: 30 };

    t.is(await database.failChunk(await claim(engine, runId), failure), 'retry');
    const request = { runId, processor: 'x', token: randomUUID(), fingerprint: FINGERPRINT, leaseSeconds: 60 };
    const answer = await database.claimChunk(request);
    t.true(answer.outcome === 'wait' && answer.waitMs > 25_000 && answer.waitMs <= 30_000);

    await engine.execute("UPDATE cardgenius.chunk SET not_before = '2020-01-01'");
    t.is(await database.failChunk(await claim(engine, runId), { ...failure, retryAfterSeconds: 0 }), 'retry');
    t.is(await database.failChunk(await claim(engine, runId), failure), 'failed');
    t.deepEqual(await statuses(engine), ['failed', 'failed']);
    t.is((await database.readSpending(userId(1)))?.error, 'ENGINE_FAILED: out of luck');
    t.is(await count(engine, 'cardgenius.chunk', "state = 'failed' AND failures = 3"), 1);
    t.is((await database.advanceRun(runId)).outcome, 'closed');
  },

  'fail: what cannot pass fails at once': async (t, engine) => {
    await importUsers(engine, 2);
    const { runId } = await openRun(engine);
    const failure = { code: 'NEVER', message: 'no', isRetried: false, retryAfterSeconds: 0 };
    t.is(await engine.database.failChunk(await claim(engine, runId), failure), 'failed');
    t.deepEqual(await statuses(engine), ['failed', 'failed']);
  },
};
