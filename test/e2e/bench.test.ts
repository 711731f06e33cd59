import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import test from 'ava';
import { cardgenius, newFolder } from './cli.ts';

const scratchFolders = async () => (await readdir(tmpdir())).filter(name => name.startsWith('cardgenius_bench_'));

test('bench: measures in databases of its own, leaves none behind, and does not make the configured one', async t => {
  const cwd = await newFolder();
  const before = await scratchFolders();
  const answer = await cardgenius(['bench', '--users', '1000', '--rounds', '1', '--json'], {
    cwd,
    database: 'pglite:db',
  });
  t.is(answer.code, 0, answer.stderr);

  const { engine, load, run, republish } = JSON.parse(answer.stdout);
  for (const { median } of [engine.usersPerSecond, load.ratio, run.usersPerSecond, run.ratio, republish.ratio]) {
    t.true(median > 0 && Number.isFinite(median));
  }
  t.deepEqual(Object.keys(run.stages), ['claim', 'read', 'compute', 'load', 'publish']);
  t.deepEqual(await scratchFolders(), before);
  t.deepEqual(await readdir(cwd), []);
});
