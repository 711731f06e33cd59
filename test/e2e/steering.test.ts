import test from 'ava';
import { cardgenius, newFolder } from './cli.ts';

test('pause, resume and cancel act on the active run, and say where there is none', async t => {
  const at = { cwd: await newFolder(), database: 'pglite:db' };
  const none = await cardgenius(['pause'], at);
  t.is(none.code, 1);
  t.regex(none.stderr, /^cardgenius: No run is active\. .*\[NO_ACTIVE_RUN\]\n$/);

  t.is((await cardgenius(['seed', '--users', '3000'], at)).code, 0);
  const run = cardgenius(['run', '--chunk-size', '300'], at);
  await run.said(/ users\/s/);
  run.kill('SIGTERM');
  t.is((await run).code, 4);
  t.deepEqual(JSON.parse((await cardgenius(['status', '--json'], at)).stdout).processors, [], 'it has left');

  const json = async (...args: string[]) => JSON.parse((await cardgenius([...args, '--json'], at)).stdout);
  t.deepEqual(await json('pause', '--reason', 'a look at the figures'), { runId: 1, state: 'paused' });
  const paused = await cardgenius(['run'], at);
  t.is(paused.code, 4);
  t.regex(paused.stderr, /Run 1 is paused: a look at the figures\. Mend the cause, then: cardgenius resume/);
  t.deepEqual(await json('resume'), { runId: 1, state: 'running' });
  t.deepEqual(await json('cancel'), { runId: 1, state: 'cancelled' });
  const { pending } = await json('status');
  t.is(pending, 0);
  t.like(await json('run'), { runId: 2, state: 'done' });
  t.like(await json('status'), { new: 0, pending: 0, completed: 3000, failed: 0, recommendations: 30_000 });

  // Redo says how many, and does it when told to; a day that is none, or two answers to "whom", are told before anything.
  t.deepEqual(await json('redo', '--older-than', '2020-01-01'), { users: 0, applied: false });
  t.deepEqual(await json('redo', '--older-than', '2999-12-31T23:59+05:30'), { users: 3000, applied: false });
  t.like(await json('status'), { new: 0, completed: 3000 });
  t.deepEqual(await json('redo', '--older-than', '2999-12-31', '--yes'), { users: 3000, applied: true });
  t.like(await json('status'), { new: 3000, completed: 0, recommendations: 30_000 });
  for (const day of ['2026-02-30', 'yesterday', '2026-11-23T02:00', '']) {
    const { code, stderr } = await cardgenius(['redo', '--older-than', day], at);
    t.is(code, 2, day);
    t.regex(stderr, /--older-than.*must be a day, 2026-11-23 \(UTC\), or a time with its zone/, day);
  }
  t.is((await cardgenius(['redo', '--all', '--older-than', '2026-11-23'], at)).code, 2);
});
