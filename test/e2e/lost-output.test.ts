import test from 'ava';
import { bash, cardgenius, newPlace } from './cli.ts';

test('a log, a stderr and a stdout that cannot be written cost what they would have said, and no card', async t => {
  const at = await newPlace();
  const { cwd } = at;
  t.is((await cardgenius(['seed', '--users', '90'], at)).code, 0);
  const logged = await bash(cwd, 'CARDGENIUS_LOG_LEVEL=trace cg run --limit 30 --chunk-size 5 --log /dev/full');
  t.is(logged.code, 0, logged.stderr);
  t.is((await bash(cwd, 'CARDGENIUS_LOG_LEVEL=trace cg run --limit 30 --chunk-size 5 2>/dev/full')).code, 0);
  const printed = await bash(cwd, 'cg run --json > /dev/full');
  t.is(printed.code, 1);
  t.regex(printed.stderr, /^cardgenius: The output could not be written: ENOSPC\. \[OUTPUT_LOST\]$/m);
  t.notRegex(printed.stderr, /\n {4}at /);
  t.like(JSON.parse((await cardgenius(['status', '--json'], at)).stdout), { completed: 90 });
});

test('a terminal that is closed stops a run gracefully', async t => {
  const at = await newPlace();
  t.is((await cardgenius(['seed', '--users', '4000'], at)).code, 0);
  const run = cardgenius(['run', '--chunk-size', '50'], { ...at, env: { CARDGENIUS_LOG_LEVEL: 'debug' } });
  await run.said(/chunk-published/);
  run.kill('SIGHUP');
  const { code, signal, stderr } = await run;
  t.deepEqual([code, signal], [4, null], stderr);
  t.regex(stderr, /^Stopping: /m);
});
