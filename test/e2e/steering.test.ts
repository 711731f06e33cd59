import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { inventUser, seedSpending } from '../../src/exchange/seed-spending.ts';
import { runBatch } from '../../src/library.ts';
import { SPENDING_COLUMNS } from '../../src/model/spending.ts';
import { type CliPlace, cardgenius, hold, newPlace, newWaitingPlace } from './cli.ts';

test('stopped by a signal, a run gives back what is in flight; pause, resume and cancel act on it', async t => {
  const at = await newWaitingPlace();
  const json = async (...args: string[]) => JSON.parse((await cardgenius([...args, '--json'], at)).stdout);
  const run = cardgenius(['run', '--chunk-size', '10'], at);
  await run.said(/the engine waits/);
  run.kill('SIGTERM');
  await run.said(/^Stopping:/m);
  await writeFile(join(at.cwd, 'go'), '');
  const stopped = await run;
  t.is(stopped.code, 4, stopped.stderr);
  t.regex(stopped.stdout, /is stopped/);
  {
    await using _ = await hold(at);
    const left = await json('status');
    t.deepEqual(left.processors, [], 'it has left');
    t.like(left.run, { state: 'stopped', chunksLeased: 0 });
    t.deepEqual(await json('pause', '--reason', 'a look at the figures'), { runId: 1, state: 'paused' });
    t.regex((await cardgenius(['runs', 'show', '1'], at)).stdout, / UTC by .*; work is left\.$/m);
  }
  const paused = await cardgenius(['run'], at);
  t.is(paused.code, 4);
  t.regex(
    paused.stderr,
    /Run 1 is paused: a look at the figures\.\n {2}look {3}npm run -s cardgenius -- status\n {2}go on {2}remove the cause, then: npm run -s cardgenius -- resume/,
  );
  await using _ = await hold(at);
  const other = { ...at, env: { CARDGENIUS_MAX_MONTHLY_SPEND: '5000000' } };
  const resumed = await cardgenius(['resume', '--json'], other);
  t.deepEqual(JSON.parse(resumed.stdout), { runId: 1, state: 'running' });
  t.regex(
    resumed.stderr,
    /Run 1 was opened with .* no processor with it works on this run\. .* supersedes it; at once: /,
  );
  await json('pause');
  t.deepEqual(await json('resume'), { runId: 1, state: 'running' });
  t.deepEqual(await json('cancel'), { runId: 1, state: 'cancelled' });
  const { pending, new: due, completed } = await json('status');
  t.deepEqual([pending, due + completed], [0, 100]);
  t.true(due > 0, 'who was left is due for the next run');
});

test('redo says how many, and does it when told to; what it cannot read is told before anything', async t => {
  const at = await newPlace('done');
  await using _ = await hold(at);
  const json = async (...args: string[]) => JSON.parse((await cardgenius([...args, '--json'], at)).stdout);
  t.deepEqual(await json('redo', '--older-than', '2020-01-01'), { users: 0, applied: false });
  t.deepEqual(await json('redo', '--older-than', '2999-12-31T23:59+05:30'), { users: 100, applied: false });
  t.like(await json('status'), { new: 0, completed: 100 });
  t.deepEqual(await json('redo', '--older-than', '2999-12-31', '--yes'), { users: 100, applied: true });
  t.like(await json('status'), { new: 100, completed: 0 });
  for (const day of ['2026-02-30', 'yesterday', '2026-11-23T02:00', '']) {
    const { code, stderr } = await cardgenius(['redo', '--older-than', day], at);
    t.is(code, 2, day);
    t.regex(stderr, /--older-than.*must be a day, 2026-11-23 \(UTC\), or a time with its zone/, day);
  }
  for (const other of [['--all'], ['--run', '1'], ['--run', '1', '--all']]) {
    t.is((await cardgenius(['redo', '--older-than', '2026-11-23', ...other], at)).code, 2);
  }
  const none = await cardgenius(['pause'], at);
  t.is(none.code, 1);
  t.regex(none.stderr, /^cardgenius: No run is active\. .*\[NO_ACTIVE_RUN\]\n$/);
});

test('redo --run makes the users of one run due again, and says where it cannot know them', async t => {
  const at = { ...(await newPlace('done')), env: { CARDGENIUS_MAX_FIRST_CARD_CHANGED_SHARE: '1' } };
  const json = async (...args: string[]) => JSON.parse((await cardgenius([...args, '--json'], at)).stdout);
  await otherSpends(at.cwd, at, 30, 2);
  t.is((await cardgenius(['run', '--dry-run'], at)).code, 0);
  t.is((await cardgenius(['run'], at)).code, 0);
  await using _ = await hold(at); // beside a process that has the folder open
  const { stdout } = await cardgenius(['redo', '--run', '3'], at);
  t.is(stdout, '30 users would be computed again. To do it, say --yes.\n');
  t.like(await json('status'), { new: 0, completed: 100 });
  t.deepEqual(await json('redo', '--run', '3', '--yes'), { users: 30, applied: true });
  t.like(await json('status'), { new: 30, completed: 70 });
  const { acts } = await json('runs', 'acts');
  t.like(acts[0], { act: 'redo', runId: 3, subject: 'run 3', affected: 30, origin: 'cli' });
  t.regex((await cardgenius(['redo', '--run', '3', '--yes'], at)).stdout, /^No completed user matches\.$/m);
  const dry = await cardgenius(['redo', '--run', '2', '--yes'], at);
  t.is(dry.code, 1);
  t.regex(dry.stderr, /^cardgenius: run 2 was a dry run: .* \[NO_COMPLETED_USERS\]\n$/);
  const none = await cardgenius(['redo', '--run', '4'], at);
  t.is(none.code, 1);
  t.regex(none.stderr, /^cardgenius: there is no run 4, or prune has .* -- runs \[NO_SUCH_RUN\]\n$/);
});

test('a gate pauses before anything is published; accepted, the same run goes on', async t => {
  const at = await newPlace('done');
  const { cwd } = at;
  const json = async (...args: string[]) => JSON.parse((await cardgenius([...args, '--json'], at)).stdout);
  const config = { maxFirstCardChangedShare: 0.1, minEligibleShare: 0.5 };
  await writeFile(join(cwd, 'cron.config.ts'), `export default ${JSON.stringify(config)};`);
  {
    await using _ = await hold(at);
    await json('export', 'before.csv');
    // All get other spends, and far more than one in ten of them another first card.
    await otherSpends(cwd, at, 100, 2);
  }
  const shut = await cardgenius(['run'], at);
  t.is(shut.code, 4);
  t.regex(
    shut.stderr,
    /paused: GATE_FIRST_CARDS: \d+ of 100 users looked at would be given another first card, [^\n]*\n {2}look {3}[^\n]*catalog diff[^\n]*\n {2}go on {2}[^\n]*resume --accept-gate/,
  );
  {
    await using opened = await hold(at);
    t.like(await json('status'), { pending: 100, run: { state: 'paused', completed: 0, rowsWritten: 0 } });
    await json('export', 'paused.csv');
    t.is(await readFile(join(cwd, 'paused.csv'), 'utf8'), await readFile(join(cwd, 'before.csv'), 'utf8'));
    await json('resume');
    t.is((await runBatch(opened, { config })).state, 'paused', 'resumed alone, it is shut again');
    await json('resume', '--accept-gate');
    t.like(await runBatch(opened, { config }), { runId: 2, state: 'done', completed: 100 });
    await otherSpends(cwd, at, 30, 3);
  }
  const fewer = await cardgenius(['run'], at);
  t.is(fewer.code, 4);
  t.regex(
    fewer.stderr,
    /paused: GATE_FEWER_ELIGIBLE: 30 users are due, and the run before had 100; [^\n]*\n {2}look {3}[^\n]*\n {2}go on {2}[^\n]*--accept-gate/,
  );
  await using opened = await hold(at);
  await json('resume', '--accept-gate');
  t.like(await runBatch(opened, { config }), { runId: 3, state: 'done', completed: 30, failed: 0 });
  const { checks } = await opened.audit.verifyDatabase();
  t.deepEqual(
    checks.filter(({ violations }) => violations > 0),
    [],
  );
});

test('a gate that failed users shut: errors names one of them, and recommend says why', async t => {
  const at = { ...(await newPlace()), env: { CARDGENIUS_MAX_MONTHLY_SPEND: '100' } };
  {
    await using opened = await hold(at);
    await seedSpending(opened.database, 1100, 1);
  }
  t.is((await cardgenius(['run'], at)).code, 4);
  await using _ = await hold(at);
  const { stdout } = await cardgenius(['errors'], at);
  t.regex(
    stdout,
    /^No user has failed\.\n\nRun 1 is paused, and the users that its reason counts are not written yet: GATE_FAILED_SHARE: /,
  );
  const [, userId] = /The user that it names is (\w+)\. To see why: .*recommend \1$/m.exec(stdout) ?? [];
  t.truthy(userId, stdout);
  const why = await cardgenius(['recommend', userId!], at);
  t.regex(why.stderr, /^cardgenius: No cards: avg_\w+ .*limit.*\[INVALID_SPENDING\]/);
});

/** The spends of another invented population for ids that are there: seed itself never touches one. */
async function otherSpends(cwd: string, at: CliPlace, users: number, seed: number): Promise<void> {
  const lines = Array.from({ length: users }, (_, n) => {
    const { userId, amounts } = inventUser(n + 1, seed);
    return [userId, ...amounts.map(paise => (paise === null ? '' : (paise / 100).toFixed(2)))].join(',');
  });
  const file = join(cwd, `seed-${seed}.csv`);
  await writeFile(file, `${['user_id', ...SPENDING_COLUMNS].join(',')}\n${lines.join('\n')}\n`);
  await cardgenius(['import', file], at);
}
