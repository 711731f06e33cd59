import test from 'ava';
import type { BatchOutcome } from '../../src/batch/run-batch.ts';
import { checkTotals, exitCodeOf, noteFailures, noteLimit, resumable } from '../../src/cli/run-end.ts';
import { CardGeniusError, DatabaseError, type ErrorClass, EXIT } from '../../src/model/errors.ts';
import type { RunProgress, RunState } from '../../src/model/run.ts';

test('a run that can be resumed ends with 4; one that is cancelled or has failed with 1', t => {
  const codeOf = (state: RunState, failed = 0) => {
    const outcome = { runId: 1, state, users: 100, completed: 100 - failed, failed } as BatchOutcome;
    return exitCodeOf(outcome, 0.01);
  };
  t.is(codeOf('done'), EXIT.done);
  t.is(codeOf('done', 2), EXIT.errorRate);
  for (const state of ['stopped', 'paused', 'running'] as const) t.is(codeOf(state), EXIT.stopped, state);
  for (const state of ['failed', 'cancelled'] as const) t.is(codeOf(state), EXIT.failed, state);
});

test('a run that ends with 3 names what tells why', t => {
  const notes: string[] = [];
  for (const code of Object.values(EXIT)) noteFailures({ note: text => void notes.push(text) }, code);
  t.deepEqual(notes, ['Failed users and their reasons: cardgenius errors']);
});

test('a run ends with 1 where a chunk found rows that cannot be right, whatever its state; else where its totals do not add up', async t => {
  const endOf = async (state: RunState, run: Partial<RunProgress>) => {
    const notes: string[] = [];
    const codes: number[] = [];
    const cli = { note: (text: string) => void notes.push(text), end: (code: number) => void codes.push(code) };
    const all = { completed: 10, failed: 0, changed: 0, gone: 0, plannedUsers: 10, ...run } as RunProgress;
    await checkTotals(cli, { readRun: async () => all }, { runId: 7, state });
    return { codes, notes: notes.join() };
  };
  t.deepEqual(await endOf('done', { violations: 0 }), { codes: [], notes: '' });
  for (const state of ['done', 'paused', 'stopped'] as const) {
    const { codes, notes } = await endOf(state, { violations: 3, violated: 'order_by_net 3' });
    t.deepEqual(codes, [EXIT.failed], state);
    t.regex(notes, /3 users of run 7 .*order_by_net 3.*cardgenius verify/);
  }
  t.deepEqual((await endOf('done', { completed: 9 })).codes, [EXIT.failed]);
  t.deepEqual((await endOf('stopped', { completed: 9 })).codes, []);
});

test('a run with --limit says what is not looked at', t => {
  const notes: string[] = [];
  const cli = { note: (text: string) => void notes.push(text) };
  noteLimit(cli, undefined);
  t.deepEqual(notes, []);
  noteLimit(cli, 1_000);
  t.regex(notes.join(), /--limit at most 1,000 users .*Not looked at: all other users/);
});

test('a database that does not answer is no reason not to start a run again', t => {
  const codeOf = (errorClass: ErrorClass) =>
    (resumable(new DatabaseError('X', 'x', errorClass)) as DatabaseError).exitCode;
  t.is(codeOf('transient'), EXIT.stopped);
  t.is(codeOf('ambiguous'), EXIT.stopped);
  t.is(codeOf('permanent'), EXIT.failed);
  const other = new CardGeniusError('X', 'x');
  t.is(resumable(other), other);
});
