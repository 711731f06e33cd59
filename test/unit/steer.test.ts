import test from 'ava';
import { describeSteered, steer } from '../../src/cli/steer-command.ts';
import { batchOperations } from '../../src/database/batch.ts';
import { DatabaseError, type ErrorClass } from '../../src/model/errors.ts';
import type { RunProgress, RunState } from '../../src/model/run.ts';
import { recordingDriver } from '../support/recording-driver.ts';

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
      t.like(await steer(database, state, 'why', { sleep: async () => {} }), {
        runId: 7,
        state,
        before: { state: 'running' },
      });
      t.deepEqual(asked, [7, 7]);
    });
  }
}

test('where no run is active nothing is asked', async t => {
  const { database, asked } = world('cancelled', 'transient');
  await t.throwsAsync(steer(database, 'cancelled', 'why'), { code: 'NO_ACTIVE_RUN' });
  t.deepEqual(asked, []);
});

test('who would pause where no run is active is told what keeps the next slot from firing', async t => {
  const { database } = world('done', 'transient');
  const { message } = await t.throwsAsync(steer(database, 'paused', 'a bad catalogue'), { code: 'NO_ACTIVE_RUN' });
  t.regex(message, /^No run is active\. .* keep the next slot from opening a run\. For that, stop serve/);
});

test('a gate that is resumed alone is told of, and a pause of a paused run shows the reason that it keeps', t => {
  const before = { state: 'paused', reason: 'GATE_FIRST_CARDS: 301 of 1000 users.' } as const;
  const resumed = { runId: 7, state: 'running', before } as const;
  t.regex(describeSteered(resumed, false), /^Run 7 can go on\.\nIt was held at a gate, .* resume --accept-gate$/);
  const goesOn =
    'Run 7 can go on. A serve process with its engine and catalogue goes on by itself; where none runs: cardgenius run';
  t.is(describeSteered(resumed, true), goesOn);
  t.is(describeSteered({ ...resumed, before: { ...before, reason: 'looking' } }, false), goesOn);
  t.is(
    describeSteered({ runId: 7, state: 'paused', before }, false),
    'Run 7 is paused already: GATE_FIRST_CARDS: 301 of 1000 users.',
  );
  t.is(
    describeSteered({ runId: 7, state: 'paused', before: { state: 'running', reason: null } }, false),
    'Run 7 is paused.',
  );
});

test('what a person says of a run is one line, however it was typed', async t => {
  const driver = recordingDriver();
  await batchOperations(driver).changeRunState(7, 'paused', 'look\nRun 9 is done: fine\u202e\u001b[30m', {
    by: { origin: 'page', person: 'a\nb' },
  });
  const value = (name: string) => driver.calls[0]!.parameters.find(([known]) => known === name)?.[2];
  t.is(value('reason'), 'look Run 9 is done: fine [30m');
  t.is(value('person'), 'a b');
});
