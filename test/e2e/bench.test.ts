import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import { cardgenius, newFolder } from './cli.ts';

test('bench: measures in databases of its own, leaves none behind, and does not make the configured one', async t => {
  const [cwd, temporary] = [await newFolder(), await newFolder()];
  const at = { cwd, database: 'pglite:db', env: { TMPDIR: temporary } };
  const answer = await cardgenius(['bench', '--users', '1000', '--rounds', '1', '--json'], at);
  t.is(answer.code, 0, answer.stderr);

  const { engine, load, run, republish } = JSON.parse(answer.stdout);
  for (const { median } of [engine.usersPerSecond, load.ratio, run.usersPerSecond, run.ratio, republish.ratio]) {
    t.true(median > 0 && Number.isFinite(median));
  }
  t.deepEqual(Object.keys(run.stages), ['claim', 'read', 'compute', 'load', 'publish']);
  t.deepEqual([await readdir(temporary), await readdir(cwd)], [[], []]);
});

test('bench: stopped, it is rid of what it made before it leaves', async t => {
  const [cwd, temporary] = [await newFolder(), await newFolder()];
  const run = cardgenius(['bench', '--users', '1000', '--rounds', '1'], {
    cwd,
    database: 'pglite:db',
    env: { TMPDIR: temporary },
  });
  await run.said(/^run …/m);
  while ((await readdir(temporary)).length === 0 || !(await isOpened(temporary))) await setTimeout(50);
  run.kill('SIGTERM');
  t.is((await run).code, 4);
  t.deepEqual(await readdir(temporary), []);
});

async function isOpened(temporary: string): Promise<boolean> {
  const [scratch] = await readdir(temporary);
  return (await readdir(join(temporary, scratch!)).catch((): string[] => [])).includes('db');
}
