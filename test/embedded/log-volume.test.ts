import { availableParallelism } from 'node:os';
import test from 'ava';
import { loadSettings } from '../../src/config/settings.ts';
import { runWithLog } from '../../src/tools/bench/bench-run.ts';
import { populate } from '../../src/tools/bench/population.ts';
import { scratchDatabase } from '../../src/tools/bench/scratch-database.ts';

/** Bytes of log that a run writes for a user, and what a plain COPY of the same final rows writes ÷ into it. Lower them with each gain. */
const LAST = { bytesPerUser: 5_421, ratio: 2.07 };
/** So much more than the last figure is a step back. */
const ALLOWED = 1.1;
const USERS = 4_000;

test('a run writes at most a tenth more log (WAL) a user than it did: the figure depends on no clock', async t => {
  t.timeout(600_000);
  const settings = {
    ...(await loadSettings({ env: {}, cwd: import.meta.dirname })),
    chunkSize: 1_000,
    workers: Math.min(2, availableParallelism()),
  };
  await using scratch = await scratchDatabase({ url: 'pglite:scratch' });
  await populate(scratch.database, settings, USERS);
  const { raw } = await runWithLog(scratch, settings, USERS);
  t.log(`${raw!.logBytesPerUser.toFixed(0)} bytes a user, ${raw!.logRatio.toFixed(2)} of a plain COPY`);
  t.true(raw!.logBytesPerUser <= LAST.bytesPerUser * ALLOWED, `${raw!.logBytesPerUser} bytes a user`);
  t.true(raw!.logRatio <= LAST.ratio * ALLOWED, `${raw!.logRatio} of a plain COPY`);
});
