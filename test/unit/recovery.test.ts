import { readFile } from 'node:fs/promises';
import test from 'ava';
import { DOCS_PATH, withTable } from '../../scripts/recovery-docs.ts';
import { type Fate, PauseRun, RECOVERY, recoveryOf } from '../../src/batch/recovery.ts';
import { backOff, retry, retrying } from '../../src/database/retrying.ts';
import { EngineUnusableError } from '../../src/engine/image.ts';
import { CardGeniusError, DatabaseError, type ErrorClass, LeaseLostError, type Pace } from '../../src/model/errors.ts';

const said = (errorClass: ErrorClass, pace?: Pace) =>
  new DatabaseError('SAID', 'what the server said', errorClass, pace === undefined ? {} : { pace });

const FATES: readonly [what: string, error: unknown, fate: Fate, whileStopping: Fate][] = [
  ['a lost lease', new LeaseLostError('gone'), 'lost', 'lost'],
  ['an engine that changed', new EngineUnusableError('ENGINE_CHANGED', 'another file'), 'stop', 'release'],
  ['a shut gate', new PauseRun('GATE_FIRST_CARDS', 'look'), 'pause', 'release'],
  ['a missing right', said('permanent'), 'pause', 'release'],
  ['a full disk', said('exhausted'), 'pause', 'release'],
  ['a deadlock', said('transient'), 'leave', 'release'],
  ['a broken connection', said('ambiguous'), 'leave', 'release'],
  ['a row that is refused', said('data'), 'fail', 'release'],
  ['an engine that throws', new TypeError('undefined is not a function'), 'retry, then fail', 'release'],
  ['an engine that refuses', new CardGeniusError('ENGINE_CRASHED', 'its thread ended'), 'retry, then fail', 'release'],
  ['what is no error at all', 'thrown', 'retry, then fail', 'release'],
];
for (const [what, error, fate, whileStopping] of FATES) {
  test(`${what}: ${fate}, and while the processor stops: ${whileStopping}`, t => {
    t.is(recoveryOf(error, false).fate, fate);
    t.is(recoveryOf(error, true).fate, whileStopping);
  });
}

test('each row of the table decides about some error', t => {
  const used = FATES.flatMap(([, error]) => [recoveryOf(error, false), recoveryOf(error, true)]);
  t.deepEqual(
    RECOVERY.filter(row => !used.includes(row)),
    [],
  );
});

test('no trouble of the database fails a user or pauses a run', t => {
  for (const errorClass of ['transient', 'ambiguous'] as const) {
    for (const pace of ['quick', 'slow', 'login'] as const)
      t.is(recoveryOf(said(errorClass, pace), false).fate, 'leave');
  }
});

test('the table of docs/sql-server.md is the table that decides (npm run docs:recovery)', async t => {
  const text = await readFile(DOCS_PATH, 'utf8');
  t.is(withTable(text), text);
});

/** Tries a step that always fails; the pauses that it took. */
async function pausesOf(error: DatabaseError, patienceMs?: number): Promise<number[]> {
  const pauses: number[] = [];
  const sleep = async (milliseconds: number) => void pauses.push(milliseconds);
  await retry(() => Promise.reject(error), { sleep, patienceMs }).catch(() => {});
  return pauses;
}
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

test('a deadlock is tried again after 0.1 to 1 s, for two minutes in all', async t => {
  const pauses = await pausesOf(said('transient', 'quick'));
  t.true(pauses.every(pause => pause >= 100 && pause <= 1_000));
  t.true(sum(pauses) >= 120_000 && sum(pauses) < 121_000, String(sum(pauses)));
});

test('a throttle, a failover or a broken connection is tried again after 5 to 60 s, for two minutes in all', async t => {
  for (const error of [said('transient', 'slow'), said('ambiguous')]) {
    const pauses = await pausesOf(error);
    t.true(pauses.every(pause => pause >= 5_000 && pause <= 60_000));
    t.true(sum(pauses) >= 120_000 && sum(pauses) < 180_000, String(sum(pauses)));
  }
});

test('a login that is refused is tried once a minute for five minutes', async t => {
  t.deepEqual(await pausesOf(said('transient', 'login')), Array(5).fill(60_000));
});

test('what a person waits for is given up sooner', async t => {
  t.true(sum(await pausesOf(said('transient', 'quick'), 5_000)) < 6_000);
  t.is((await pausesOf(said('ambiguous'), 5_000)).length, 1);
});

test('pauses grow up to the most of their kind, and never fall below the least', t => {
  for (const [pace, least, most] of [
    ['quick', 100, 1_000],
    ['slow', 5_000, 60_000],
  ] as const) {
    for (let attempt = 1; attempt < 40; attempt++) {
      t.is(
        backOff(pace, attempt, () => 0),
        least,
      );
      t.true(backOff(pace, attempt, () => 1) <= most);
    }
    t.is(
      backOff(pace, 39, () => 1),
      most,
    );
  }
});

test('what cannot pass is thrown at once', async t => {
  for (const errorClass of ['permanent', 'exhausted', 'data'] as const) {
    t.deepEqual(await pausesOf(said(errorClass)), []);
  }
});

test('a publish that finds its load incomplete is not repeated: only another load helps', async t => {
  t.deepEqual(await pausesOf(new DatabaseError('STAGING_INCOMPLETE', 'no rows', 'transient')), []);
});

test('once its signal is aborted a step is not tried again, and the reason of the signal is thrown', async t => {
  const controller = new AbortController();
  const reason = new LeaseLostError('taken over');
  let calls = 0;
  const step = () => {
    calls++;
    return Promise.reject(said('transient'));
  };
  const sleep = async () => controller.abort(reason);
  t.is(await t.throwsAsync(retry(step, { signal: controller.signal, sleep })), reason);
  t.is(calls, 1);
});

test('the wrapper tries each operation again, but neither a load nor a claim, which need more than a repetition', async t => {
  const calls: string[] = [];
  const failing = (name: string) => async () => {
    calls.push(name);
    if (calls.filter(call => call === name).length === 1) throw said('transient');
  };
  const names = ['readChunk', 'publishChunk', 'stage', 'claimChunk'] as const;
  const port = Object.fromEntries(names.map(name => [name, failing(name)])) as Record<string, () => Promise<void>>;
  const heard: string[] = [];
  const steady = retrying(port as object, {
    sleep: async () => {},
    onRetry: (_error, _delay, operation) => heard.push(operation),
  }) as typeof port;
  await steady.readChunk!();
  await steady.publishChunk!();
  await t.throwsAsync(steady.stage!());
  await t.throwsAsync(steady.claimChunk!());
  t.deepEqual(heard, ['readChunk', 'publishChunk']);
  t.deepEqual(calls, ['readChunk', 'readChunk', 'publishChunk', 'publishChunk', 'stage', 'claimChunk']);
});
