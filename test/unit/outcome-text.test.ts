import test from 'ava';
import type { BatchOutcome } from '../../src/batch/run-batch.ts';
import { describeDryRun, describeOutcome } from '../../src/cli/run-command.ts';

const outcome = (overrides: Partial<BatchOutcome>): BatchOutcome => ({
  runId: 3,
  state: 'done',
  supersededId: null,
  users: 2_000,
  completed: 2_000,
  failed: 0,
  seconds: 1,
  usersPerSecond: 2_000,
  recommendations: 20_000,
  rowsWritten: 150,
  stages: { claim: 0.004, read: 0.02, compute: 0.1, load: 0.176, publish: 0.7 },
  commonestFailure: undefined,
  ...overrides,
});

test('a dry run says why most users would fail', t => {
  const text = describeDryRun(outcome({}));
  t.regex(text, /^A dry run \(3\) is done: 2,000 users computed in 1\.0 s, .*; nothing was changed\.\n/);
  t.regex(text, /\n2,000 users would be completed, 0 would fail; 150 rows would be written, 19,850 would stay\.$/);
  t.notRegex(text, /\d completed/, 'no user was completed');
  t.regex(
    describeDryRun(outcome({ users: 0, completed: 0 })),
    /\nNo user is due\. To compute all of them: cardgenius run --dry-run --all$/,
  );
  const example = { userNo: 1, code: 'INVALID_SPENDING', message: 'avg_ajio_gmv is negative: -1.00' };
  const commonestFailure = { code: 'INVALID_SPENDING', users: 181, example };
  t.regex(
    describeDryRun(outcome({ completed: 1_818, failed: 182, commonestFailure })),
    /182 would fail; .*\nMost of them \(181\): INVALID_SPENDING, for example: avg_ajio_gmv is negative: -1\.00\. With its user: cardgenius run --dry-run --all$/,
  );
});

test('a run says in one line where the time of its chunks went, the longest stage first', t => {
  const [, line] = describeOutcome(outcome({})).split('\n');
  t.is(line, 'Time of a chunk: publish 70 %, load 18 %, compute 10 %, read 2 %.');
  const none = { claim: 0, read: 0, compute: 0, load: 0, publish: 0 };
  t.false(describeOutcome(outcome({ stages: none })).includes('Time of a chunk'));
});
