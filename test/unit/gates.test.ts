import test from 'ava';
import { Gates, leastKnown } from '../../src/batch/gates.ts';
import { gatesFor } from '../../src/batch/preview.ts';
import { PauseRun } from '../../src/batch/recovery.ts';
import { LeaseLostError } from '../../src/model/errors.ts';
import type { FirstCards, RunProgress } from '../../src/model/run.ts';

const LIMITS = { maxFailedShare: 0.05, minEligibleShare: 0.5, maxFirstCardChangedShare: 0.3 };
const LEASE = { runId: 1, chunkNo: 3, token: 't' };

interface Scene {
  readonly run?: Partial<RunProgress>;
  readonly plans?: { planned: number; before: number } | undefined;
  readonly firstCards?: FirstCards | undefined;
}

/** Gates over what a database would say; `calls` are the questions that it was asked. */
function gates({ run, plans, firstCards }: Scene, limits = LIMITS) {
  const calls: string[] = [];
  const ask = async <T>(name: string, answer: T) => {
    calls.push(name);
    return answer;
  };
  const known = {
    kind: 'batch',
    plannedUsers: 5_000,
    completed: 0,
    failed: 0,
    gateAccepted: false,
    ...run,
  } as RunProgress;
  const database = {
    readRun: () => ask('readRun', known),
    sumOutcomes: () => ask('sumOutcomes', known),
    comparePlans: () => ask('comparePlans', plans),
    compareFirstCards: (_lease: unknown, _load: number, users: number) => ask(`compareFirstCards ${users}`, firstCards),
  };
  return { gates: new Gates(database, 1, limits), calls };
}
const counts = (completed: number, failed: number) => ({ run: { completed, failed } });
/** A chunk whose users fail, most of them for one reason, and the first alone for another. */
const chunk = (users: number, failed: number, message = 'avg_ajio_gmv is negative: -1.00') => ({
  chunkNo: 4,
  users,
  failures: Array.from({ length: failed }, (_, index) => {
    const code = index === 0 ? 'OTHER_REASON' : index % 5 === 4 ? 'RESULT_OUT_OF_RANGE' : 'INVALID_SPENDING';
    return { userNo: index + 11, code, message };
  }),
});
const shut = (code: string, message: RegExp) => ({ instanceOf: PauseRun, code, message });

test('failed: below a thousand computed users a share says nothing', async t => {
  await t.notThrowsAsync(gates(counts(0, 0)).gates.passFailures(chunk(999, 999)));
});

test('failed: the share is measured over the run, this chunk included', async t => {
  await t.notThrowsAsync(gates(counts(950, 0)).gates.passFailures(chunk(50, 50)));
  const message = /^51 of the first 1000 users have failed, 5\.1 %; the limit is 5\.0 %\. Most/;
  const failing = gates(counts(949, 1)).gates.passFailures(chunk(50, 50));
  await t.throwsAsync(failing, shut('GATE_FAILED_SHARE', message));
});

test('failed: the reason has the code of most, how many, and the number of one of them, but no text of a failure: that has spends', async t => {
  const failing = gates(counts(9_999_950, 900_000)).gates.passFailures(chunk(50, 50));
  const error = await t.throwsAsync(failing, { instanceOf: PauseRun });
  t.regex(error!.message, /Most in chunk 4 \(39\): INVALID_SPENDING, e\.g\. user number 12\.$/);
  t.notRegex(error!.message, /avg_|1\.00/);
});

test('failed: a chunk without failures passes without a question', async t => {
  const { gates: all, calls } = gates(counts(100, 900));
  await all.passFailures(chunk(10, 0));
  t.deepEqual(calls, []);
});

test('plan: fewer users than the share of the run before shut it, once for the run', async t => {
  const plans = { planned: 499, before: 1_000 };
  const message = /^499 users are due, and the run before had 1000; the limit is 50\.0 % of them\.$/;
  await t.throwsAsync(gates({ plans }).gates.passPlan(), shut('GATE_FEWER_ELIGIBLE', message));

  const { gates: good, calls } = gates({ plans: { planned: 500, before: 1_000 } });
  await good.passPlan();
  await good.passPlan();
  t.deepEqual(calls, ['comparePlans']);
  await t.notThrowsAsync(gates({ plans: undefined }).gates.passPlan(), 'nothing to compare with');
});

test('first cards: above the share it is shut, from a thousand users on who had cards', async t => {
  const message = /^301 of 1000 users looked at would be given another first card, 30\.1 %; the limit is 30\.0 %\.$/;
  const failing = gates({ firstCards: { known: 1_000, changed: 301 } }).gates.passFirstCards(LEASE, 7);
  await t.throwsAsync(failing, shut('GATE_FIRST_CARDS', message));
  for (const firstCards of [
    { known: 1_000, changed: 300 },
    { known: 999, changed: 999 },
    { known: 0, changed: 0 },
  ]) {
    const { gates: good, calls } = gates({ firstCards });
    await good.passFirstCards(LEASE, 7);
    t.is(calls[0], 'compareFirstCards 2000');
  }
});

test('first cards: a run of few users is looked at, once it knows half of them: some fail, and some have no cards yet', async t => {
  const small = { run: { plannedUsers: 500 }, firstCards: { known: 250, changed: 250 } };
  await t.throwsAsync(gates(small).gates.passFirstCards(LEASE, 7), shut('GATE_FIRST_CARDS', /^250 of 250 users/));
  const early = { ...small, firstCards: { known: 249, changed: 249 } };
  await t.notThrowsAsync(gates(early).gates.passFirstCards(LEASE, 7));
  t.deepEqual([1, 2, 3, 1_999, 2_000, 50_000].map(leastKnown), [1, 1, 2, 1_000, 1_000, 1_000]);
});

test('a preview says by the rules of a run which gates would shut', t => {
  const limits = { maxFailedShare: 0.05, maxFirstCardChangedShare: 0.5 };
  const shutBy = (users: number, failed: number, known: number, changed: number) =>
    gatesFor({ users, failed, known, changed }, limits).flatMap(({ code, wouldShut }) => (wouldShut ? [code] : []));
  t.deepEqual(shutBy(1_000, 51, 0, 0), ['GATE_FAILED_SHARE']);
  t.deepEqual(shutBy(1_000, 50, 0, 0), []);
  t.deepEqual(shutBy(999, 999, 0, 0), [], 'too few to say something by failing');
  t.deepEqual(shutBy(191, 21, 170, 170), ['GATE_FIRST_CARDS']);
  t.deepEqual(shutBy(191, 0, 95, 95), [], 'half of them have no card yet');
});

test('first cards: a chunk that was taken over is told as such', async t => {
  await t.throwsAsync(gates({ firstCards: undefined }).gates.passFirstCards(LEASE, 7), { instanceOf: LeaseLostError });
});

test('what is off asks nothing', async t => {
  const { gates: off, calls } = gates({}, { ...LIMITS, minEligibleShare: 0, maxFirstCardChangedShare: 1 });
  await off.passPlan();
  await off.passFirstCards(LEASE, 7);
  t.deepEqual(calls, []);
});

for (const [title, run] of [
  ['a run that an operator has accepted', { gateAccepted: true }],
  ['a dry run', { kind: 'dry_run' }],
] as const) {
  test(`${title} passes all gates`, async t => {
    const scene = { run: { ...run, completed: 100, failed: 900 }, plans: { planned: 1, before: 1_000 } };
    const all = gates({ ...scene, firstCards: { known: 1_000, changed: 1_000 } }).gates;
    await t.notThrowsAsync(all.passPlan());
    await t.notThrowsAsync(all.passFailures(chunk(10, 10)));
    await t.notThrowsAsync(all.passFirstCards(LEASE, 7));
  });
}
