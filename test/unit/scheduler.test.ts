import { randomUUID } from 'node:crypto';
import test from 'ava';
import type { CoordinationDatabase } from '../../src/database/coordination.ts';
import { UsageError } from '../../src/model/errors.ts';
import { Secret } from '../../src/model/secret.ts';
import type { ParityVerdict } from '../../src/model/service.ts';
import { fireByHand } from '../../src/serve/fire-by-hand.ts';
import { FleetClock } from '../../src/serve/fleet-clock.ts';
import { Leader } from '../../src/serve/leader.ts';
import { type DecidedFire, Planner } from '../../src/serve/planner.ts';
import { type ContractEngine, FINGERPRINT, importUsers, process, runRequest } from '../contract/context.ts';
import { openWithClock } from '../support/shifted-clock.ts';

/** The database's time. */
let time = Date.now();
const opened = await openWithClock(() => time);
test.after.always(() => opened.database.close());
const { coordination } = opened;
const engine = opened as unknown as ContractEngine;
const processor = (id: string) => ({ id, host: 'here', pid: 1, version: '0' });
const steadyClock = () => new FleetClock({ monotonic: () => time });
const leaderFor = (seconds = 1_000_000) => new Leader(coordination, processor('leader'), seconds, steadyClock());

/** At each look it is that time in the database, too. */
function inTime(planner: Planner): Planner {
  const look = planner.look.bind(planner);
  planner.look = (now, ...rest) => {
    time = now;
    return look(now, ...rest);
  };
  return planner;
}

function planner(
  name: string,
  misfire: 'once' | 'skip' | 'all',
  database: CoordinationDatabase = coordination,
  fault?: UsageError,
): Planner {
  const { requestedBy: _, deadlineAt: __, ...terms } = runRequest();
  const schedule = { name, cron: '0 * * * *', timeZone: 'UTC', misfire, catchUpWindowMinutes: 600 };
  return inTime(
    new Planner({
      coordination: database,
      latestRun: () => opened.database.readRun(null),
      schedules: [schedule],
      terms: async () => {
        if (fault !== undefined) throw fault;
        return terms;
      },
      processor: 'leader',
      lateMs: 60_000,
      check: () => Promise.reject(new Error('no schedule asks for it')),
      clock: steadyClock(),
      onChecked: () => {},
    }),
  );
}

test.serial(
  'a leader that was frozen for longer than its lease does not believe in its term, and starts a new term',
  async t => {
    let monotonic = 0;
    const clock = new FleetClock({ monotonic: () => monotonic, wall: () => 0 });
    const leader = new Leader(coordination, processor('frozen'), 10, clock);
    t.true((await leader.renew()).isNew);
    const first = leader.term;
    t.truthy(first);
    t.is(clock.now(), time, 'the time is the database’s');
    monotonic += 5_000;
    time += 5_000;
    t.false((await leader.renew()).isNew, 'the same term');
    monotonic = 14_999;
    t.deepEqual(leader.term, first);
    monotonic = 15_000;
    t.is(leader.term, undefined, 'ten seconds after it last asked');
    time += 30_000;
    t.true((await leader.renew()).isNew, 'a term of its own again, and what it knew is stale');
    await leader.resign();
  },
);

/** Down over three fires: what each policy records, and how often it runs. */
for (const [misfire, expected] of [
  ['once', ['skipped', 'skipped', 'caught_up']],
  ['skip', ['skipped', 'skipped', 'skipped']],
  ['all', ['caught_up', 'caught_up', 'caught_up']],
] as const) {
  test.serial(`down over three fires: ${misfire}`, async t => {
    const leader = leaderFor();
    await leader.renew();
    const { electedAt } = leader.term!;
    const start = time;
    const name = `policy-${misfire}`;
    t.true(await planner(name, misfire).look(start, electedAt, () => t.fail('nothing was missed before it was known')));

    const fires: DecidedFire[] = [];
    const HOUR = 3_600_000;
    const later = Math.floor(start / HOUR) * HOUR + 3 * HOUR + 1_800_000;
    const again = planner(name, misfire);
    t.true(await again.look(later, electedAt, fire => fires.push(fire)));
    t.deepEqual(fires.map(({ decision }) => decision) as string[], [...expected]);
    t.is(fires.filter(({ runId }) => runId !== null).length, expected.filter(word => word === 'caught_up').length);
    t.is(again.nextLook, Math.floor(later / HOUR) * HOUR + HOUR);

    again.lookAgain();
    await again.look(later, electedAt, () => t.fail('each is recorded once'));
    const ledger = (await coordination.listFires(name, 10)).map(({ decision }) => decision).reverse();
    t.deepEqual(ledger as string[], [...expected]);
    await leader.resign();
  });
}

/** Users whose spends changed are due again. */
let imports = 0;

/** With users due, a run lasts: what each policy does of three missed slots, and which run each gets. */
for (const [misfire, expected] of [
  ['once', ['skipped', 'skipped', 'caught_up']],
  ['skip', ['skipped', 'skipped', 'skipped']],
  ['all', ['caught_up', 'caught_up', 'caught_up']],
] as const) {
  test.serial(`down over three fires, users due: ${misfire}`, async t => {
    const leader = leaderFor();
    await leader.renew();
    const { electedAt } = leader.term!;
    const name = `due-${misfire}`;
    const start = time;
    const mine = planner(name, misfire);
    await mine.look(start, electedAt, () => t.fail('nothing was missed before it was known'));
    const HOUR = 3_600_000;
    const later = Math.floor(start / HOUR) * HOUR + 3 * HOUR + 1_800_000;
    mine.lookAgain();
    const fires: DecidedFire[] = [];
    for (let runs = 0, looked = later; fires.length < 3; runs++) {
      await importUsers(engine, 3, n => n * 100 + ++imports);
      await mine.look(looked, electedAt, fire => fires.push(fire));
      const last = fires.at(-1)!;
      if (last.runId === null) continue;
      t.is(fires.length, misfire === 'all' ? runs + 1 : 3, 'a slot waits for the run of the one before');
      if (misfire === 'all' && runs < 2) t.is(mine.nextLook, looked + 10_000);
      await finish(last.runId);
      looked = mine.nextLook;
    }
    t.deepEqual(fires.map(({ decision }) => decision) as string[], [...expected]);
    const runs = fires.map(({ runId }) => runId).filter(runId => runId !== null);
    t.is(new Set(runs).size, expected.filter(word => word === 'caught_up').length);
    for (const runId of runs) t.like(await opened.database.readRun(runId), { state: 'done', completed: 3 });
    await leader.resign();
  });
}

/** Does the work of a run, as a processor would. */
async function finish(runId: number): Promise<void> {
  for (;;) {
    const token = randomUUID();
    const request = { runId, processor: 'worker', token, fingerprint: FINGERPRINT, leaseSeconds: 60 };
    const answer = await opened.database.claimChunk(request);
    if (answer.outcome === 'closed') return;
    if (answer.outcome === 'claimed') await process(engine, { runId, chunkNo: answer.chunkNo, token });
    else if ((await opened.database.advanceRun(runId)).state !== 'running') return;
  }
}

test.serial('a slot whose engine cannot be loaded is not opened, with why; the next one is tried again', async t => {
  const leader = leaderFor();
  await leader.renew();
  const { electedAt } = leader.term!;
  const fault = new UsageError('CATALOG_INVALID', 'The catalogue cat.json is wrong at card x, field fees: …');
  const HOUR = 3_600_000;
  const start = time;
  await planner('broken', 'once').look(start, electedAt, () => {});
  const slot = Math.floor(start / HOUR) * HOUR + HOUR;
  const fires: DecidedFire[] = [];
  t.true(await planner('broken', 'once', coordination, fault).look(slot, electedAt, fire => fires.push(fire)));
  t.like(fires[0], { outcome: 'recorded', decision: 'not_opened', runId: null });
  t.regex(
    (await coordination.listFires('broken', 1))[0]?.note ?? '',
    /^CATALOG_INVALID: The catalogue cat\.json is wrong at card x/,
  );
  t.true(await planner('broken', 'once').look(slot + HOUR, electedAt, fire => fires.push(fire)));
  t.deepEqual(fires.map(({ decision }) => decision) as string[], ['not_opened', 'ran']);
  await finish(fires[1]!.runId!);
  await leader.resign();
});

test.serial('a planner whose term is over writes nothing more', async t => {
  const leader = leaderFor();
  await leader.renew();
  const { electedAt } = leader.term!;
  const mine = planner('over', 'all');
  await mine.look(time, electedAt, () => {});
  await leader.resign();
  await coordination.lead(processor('another'), 600);
  mine.lookAgain();
  t.false(await mine.look(time + 7_200_000, electedAt, () => t.fail('recorded')));
  t.deepEqual(await coordination.listFires('over', 10), []);
  await coordination.resign('another');
});

const HOUR = 3_600_000;

/** A planner of one schedule of kind parity; its checks end when the test says so. */
function comparing(name: string, database: CoordinationDatabase = coordination) {
  const checks: {
    readonly signal: AbortSignal;
    readonly end: (verdict: ParityVerdict) => void;
    readonly fail: (error: Error) => void;
  }[] = [];
  const done: (() => void)[] = [];
  const schedule = {
    name,
    kind: 'parity',
    url: new Secret('https://api.example/'),
    cron: '0 * * * *',
    timeZone: 'UTC',
    misfire: 'skip',
    catchUpWindowMinutes: 600,
  } as const;
  const mine = inTime(
    new Planner({
      coordination: database,
      latestRun: () => opened.database.readRun(null),
      schedules: [schedule],
      terms: () => Promise.reject(new Error('a comparison opens no run')),
      processor: 'leader',
      lateMs: 60_000,
      check: (_schedule, signal) =>
        new Promise((end, fail) => {
          checks.push({ signal, end, fail });
          signal.addEventListener('abort', () => fail(new Error('ended')));
        }),
      clock: steadyClock(),
      onChecked: () => done.shift()?.(),
    }),
  );
  return { mine, schedule, checks, checked: () => new Promise<void>(resolve => done.push(resolve)) };
}

test.serial('a slot that compares opens no run, waits beside the beats, and is recorded with its verdict', async t => {
  const leader = leaderFor();
  await leader.renew();
  const { electedAt } = leader.term!;
  let isAway = false;
  const flaky = {
    ...coordination,
    recordFire: async (fire: Parameters<CoordinationDatabase['recordFire']>[0]) => {
      if (isAway) throw new Error('the database is away');
      return await coordination.recordFire(fire);
    },
  };
  const { mine, checks, checked } = comparing('compares', flaky);
  const runs = async () => (await opened.database.readRun(null))?.runId;
  const before = await runs();
  const fires: DecidedFire[] = [];
  const look = (now: number) => mine.look(now, electedAt, fire => fires.push(fire));
  const start = time;
  await look(start);
  const slot = Math.floor(start / HOUR) * HOUR + HOUR;
  mine.lookAgain();
  await look(slot);
  mine.lookAgain();
  await look(slot + 120_000);
  t.is(checks.length, 1, 'asked once, though the slot is late meanwhile');
  t.deepEqual(await coordination.listFires('compares', 5), []);

  const first = checked();
  checks[0]!.end({ decision: 'differed', note: '90 of 100 users agree.' });
  await first;
  isAway = true;
  await t.throwsAsync(look(slot + 180_000), { message: /away/ });
  isAway = false;
  await look(slot + 240_000);
  t.is(checks.length, 1, 'and not again because the database was away');
  t.like(fires[0], { outcome: 'recorded', decision: 'differed', runId: null });
  const [row] = await coordination.listFires('compares', 5);
  t.like(row, { decision: 'differed', note: '90 of 100 users agree.', runId: null });
  t.deepEqual(row!.plannedAt, new Date(slot));

  await look(slot + HOUR);
  const second = checked();
  checks[1]!.fail(new Error('the API is gone'));
  await second;
  await look(slot + HOUR + 1_000);
  t.like((await coordination.listFires('compares', 1))[0], { decision: 'unchecked', note: 'the API is gone' });
  t.is(await runs(), before, 'no run was opened');
  await leader.resign();
});

test.serial('a check ends with the term, and records nothing', async t => {
  const leader = leaderFor();
  await leader.renew();
  const { electedAt } = leader.term!;
  const { mine, checks } = comparing('abandoned');
  const start = time;
  await mine.look(start, electedAt, () => {});
  const slot = Math.floor(start / HOUR) * HOUR + HOUR;
  mine.lookAgain();
  await mine.look(slot, electedAt, () => t.fail('recorded'));
  await mine.abandon();
  t.true(checks[0]!.signal.aborted);
  t.deepEqual(await coordination.listFires('abandoned', 5), []);
  mine.lookAgain();
  await mine.look(slot + 1_000, electedAt, () => t.fail('recorded'));
  t.is(checks.length, 2, 'a later term of this instance asks anew');
  await mine.abandon();
  await leader.resign();
});

test.serial('a schedule that compares is not fired by hand: no run is opened for it', async t => {
  const { schedule } = comparing('by-hand');
  const asked = fireByHand('by-hand', {
    coordination,
    schedules: [schedule],
    terms: () => Promise.reject(new Error('a comparison opens no run')),
    decidedBy: 'here',
    note: 'by hand',
  });
  await t.throwsAsync(asked, { code: 'SCHEDULE_OPENS_NO_RUN', message: /cardgenius parity --url URL/ });
  t.deepEqual(await coordination.listFires('by-hand', 5), []);
});
