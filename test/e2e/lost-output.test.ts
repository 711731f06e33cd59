import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bash, cardgenius, newPlace, newWaitingPlace } from './cli.ts';

test('a log, a stderr and a stdout that cannot be written cost what they would have said, and no card', async t => {
  const at = await newPlace('seeded');
  const { cwd } = at;
  const logged = await bash(cwd, 'CARDGENIUS_LOG_LEVEL=trace cg run --limit 30 --chunk-size 5 --log /dev/full');
  t.is(logged.code, 0, logged.stderr);
  t.is((await bash(cwd, 'CARDGENIUS_LOG_LEVEL=trace cg run --limit 30 --chunk-size 5 2>/dev/full')).code, 0);
  const printed = await bash(cwd, 'cg run --json > /dev/full');
  t.is(printed.code, 1);
  t.regex(printed.stderr, /^cardgenius: The output could not be written: ENOSPC\. \[OUTPUT_LOST\]$/m);
  t.notRegex(printed.stderr, /\n {4}at /);
  t.like(JSON.parse((await cardgenius(['status', '--json'], at)).stdout), { completed: 100 });
});

test('a terminal that is closed stops a run gracefully', async t => {
  const at = await newWaitingPlace();
  const run = cardgenius(['run', '--chunk-size', '10'], at);
  await run.said(/the engine waits/);
  run.kill('SIGHUP');
  await run.said(/^Stopping: /m);
  await writeFile(join(at.cwd, 'go'), '');
  const { code, signal, stderr } = await run;
  t.deepEqual([code, signal], [4, null], stderr);
});
