import test from 'ava';
import type { BatchOutcome } from '../../src/batch/run-batch.ts';
import { describeDryRun } from '../../src/cli/run-command.ts';

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
  commonestFailure: undefined,
  ...overrides,
});

test('a dry run says why most users would fail', t => {
  t.regex(describeDryRun(outcome({})), /150 rows would be written, 19,850 would stay, 0 users would fail\.$/);
  const example = { userNo: 1, code: 'INVALID_SPENDING', message: 'avg_ajio_gmv is negative: -1.00' };
  const commonestFailure = { code: 'INVALID_SPENDING', users: 181, example };
  t.regex(
    describeDryRun(outcome({ completed: 1_818, failed: 182, commonestFailure })),
    /182 users would fail\.\nMost of them \(181\): INVALID_SPENDING, for example: avg_ajio_gmv is negative: -1\.00$/,
  );
});
