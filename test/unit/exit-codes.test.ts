import test from 'ava';
import type { BatchOutcome } from '../../src/batch/run-batch.ts';
import { exitCodeOf, noteFailures, resumable } from '../../src/cli/processing.ts';
import { CardGeniusError, DatabaseError, type ErrorClass, EXIT } from '../../src/model/errors.ts';
import type { RunState } from '../../src/model/run.ts';

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
  t.deepEqual(notes, ['Who failed, and why: cardgenius errors']);
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
