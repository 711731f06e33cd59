import test from 'ava';
import { steer } from '../../src/cli/steer.ts';
import { DatabaseError, type ErrorClass } from '../../src/model/errors.ts';
import type { RunProgress, RunState } from '../../src/model/run.ts';

/** A database with one run, whose first answer to a change gets lost, before or after it was made. */
function world(state: RunState, errorClass: ErrorClass) {
  const run = { runId: 7, state };
  const asked: (number | null)[] = [];
  const readRun = async () => ({ ...run }) as unknown as RunProgress;
  const changeRunState = async (runId: number | null, to: RunState) => {
    asked.push(runId);
    const isActive = !['cancelled', 'done', 'failed'].includes(run.state);
    if (asked.length === 1 && errorClass === 'transient') throw new DatabaseError('MSSQL_1205', 'deadlock', errorClass);
    if (isActive) run.state = to;
    if (asked.length === 1) throw new DatabaseError('ETIMEOUT', 'no answer', errorClass);
    return isActive ? { ...run } : undefined;
  };
  return { database: { readRun, changeRunState }, asked };
}

for (const errorClass of ['transient', 'ambiguous'] as const) {
  for (const state of ['paused', 'cancelled'] as const) {
    test(`${state}: asked again after an error that is ${errorClass}, of the same run`, async t => {
      const { database, asked } = world('running', errorClass);
      t.deepEqual(await steer(database, state, 'why'), { runId: 7, state });
      t.deepEqual(asked, [7, 7]);
    });
  }
}

test('where no run is active nothing is asked', async t => {
  const { database, asked } = world('cancelled', 'transient');
  await t.throwsAsync(steer(database, 'cancelled', 'why'), { code: 'NO_ACTIVE_RUN' });
  t.deepEqual(asked, []);
});
