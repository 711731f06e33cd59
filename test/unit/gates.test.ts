import test from 'ava';
import { GateError, passGates } from '../../src/batch/gates.ts';
import type { RunProgress } from '../../src/model/run.ts';

const LIMIT = 0.05;
const run = (completed: number, failed: number, gateAccepted = false) => ({
  readRun: async () => ({ completed, failed, gateAccepted }) as RunProgress,
});

test('below a thousand computed users a share says nothing', async t => {
  await t.notThrowsAsync(passGates(run(0, 0), 1, { users: 999, failed: 999 }, LIMIT));
});

test('the share is measured over the run, this chunk included', async t => {
  await t.notThrowsAsync(passGates(run(950, 0), 1, { users: 50, failed: 50 }, LIMIT));
  const error = await t.throwsAsync(passGates(run(949, 1), 1, { users: 50, failed: 50 }, LIMIT), {
    instanceOf: GateError,
  });
  t.regex(error!.message, /^51 of the first 1000 users have failed, 5\.1 %; more than 5\.0 % .*resume --accept-gate$/);
});

test('a chunk without failures passes, and so does a run that an operator has accepted', async t => {
  await t.notThrowsAsync(passGates(run(100, 900), 1, { users: 10, failed: 0 }, LIMIT));
  await t.notThrowsAsync(passGates(run(100, 900, true), 1, { users: 10, failed: 10 }, LIMIT));
});
