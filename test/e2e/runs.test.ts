import test from 'ava';
import { describeRuns } from '../../src/cli/runs-command.ts';
import type { RunProgress } from '../../src/model/run.ts';
import { cardgenius, hold, newPlace } from './cli.ts';

test('the list of runs says where the engine or catalogue changed, also at its last run', t => {
  const run = (runId: number, fingerprint: string) =>
    ({
      runId,
      fingerprint,
      kind: 'batch',
      state: 'done',
      startedAt: new Date(0),
      finishedAt: new Date(1_000),
    }) as RunProgress;
  const runs = [run(9, 'b'), run(8, 'b'), run(7, 'a'), run(6, 'c')];
  const counts = { completed: 1, failed: 0, changed: 0, gone: 0 };
  const text = describeRuns(
    runs.map(one => ({ ...one, ...counts })),
    3,
  );
  t.regex(
    text,
    /\nWith another engine, catalogue or limit than the run before: 8, 7\. To look: cardgenius runs show N$/,
  );
  t.notRegex(text, /^ *6 /m);
  t.notRegex(
    describeRuns(
      runs.slice(0, 1).map(one => ({ ...one, ...counts })),
      3,
    ),
    /another/,
  );
});

test('runs, runs show and status tell what was and what is, and refuse what is not there', async t => {
  const at = await newPlace('seeded');
  t.is((await cardgenius(['runs'], at)).stdout, 'No run yet. Start one with: npm run -s cardgenius -- run\n');
  await cardgenius(['run', '--chunk-size', '40'], at);
  const held = await hold(at);

  const list = await cardgenius(['runs'], at);
  t.regex(list.stdout, /^run {2}kind {2}state {2}started \(UTC\).*\n.*\n {2}1 {2}real {2}done .* 100 {7}0 {6}0\.00 %/);
  t.like(JSON.parse((await cardgenius(['runs', '--json'], at)).stdout).runs[0], { runId: 1, completed: 100 });

  const show = await cardgenius(['runs', 'show', '1'], at);
  t.regex(show.stdout, /^Run 1 is done: 100 users completed, 0 failed, 3 of 3 chunks, 1,000 rows written\./);
  t.is(show.stdout.match(/ done /g)?.length, 3);
  t.like(JSON.parse((await cardgenius(['runs', 'show', '1', '--json'], at)).stdout), { run: { runId: 1 } });
  t.is((await cardgenius(['runs', 'show', '7'], at)).code, 1);
  t.is((await cardgenius(['runs', 'show', 'x'], at)).code, 2);

  await cardgenius(['redo', '--all', '--yes'], at);
  const told = JSON.parse((await cardgenius(['runs', 'acts', '--json'], at)).stdout).acts;
  t.like(told[0], { act: 'redo', affected: 100, origin: 'cli', runId: null });
  t.like(told.at(-1), { act: 'import', subject: 'seed 1, 100 users', affected: 100, origin: 'cli' });
  const sudo = { ...at, env: { SUDO_USER: 'asha' } };
  await cardgenius(['retry'], sudo);
  const acts = await cardgenius(['runs', 'acts', '--last', '1'], at);
  t.regex(
    acts.stdout,
    /^when \(UTC\) .*\n[- ]+\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}retry .* cli {3}asha as \w+ .*all\n$/,
  );

  await held.database.close();
  const dryRun = await cardgenius(['run', '--dry-run'], at);
  t.regex(dryRun.stdout, /^A dry run \(2\) is done: 100 users computed .*; nothing was changed\./);
  await using _ = await hold(at);
  t.notRegex(dryRun.stdout, /100 completed/);
  t.regex((await cardgenius(['runs'], at)).stdout, /\n {2}2 {2}dry run {2}done /);
  const dry = await cardgenius(['runs', 'show', '2'], at);
  t.regex(dry.stdout, /^Run 2, a dry run, is done: 100 users would be completed, .* 0 rows would be written\./);

  const status = await cardgenius(['status'], at);
  t.regex(status.stdout, /^Run 2, a dry run, is done: /m);
  t.regex(status.stdout, /\[#{40}\] 100 % · 100 of 100 users/);
  const misspelled = await cardgenius(['retry', '--code', 'ENGINE_FAIELD'], at);
  t.is(misspelled.code, 2);
  t.regex(misspelled.stderr, /No user has failed with ENGINE_FAIELD\. Did you mean ENGINE_FAILED\?/);
  t.is((await cardgenius(['retry', '--code', 'ENGINE_FAILED'], at)).code, 0, 'a code of ours that no user has now');
  const both = await cardgenius(['run', '--dry-run', '--all', '--limit', '5'], at);
  t.is(both.code, 2);
  t.regex(both.stderr, /looks at all users: leave --limit out, or --all\./);

  const watch = cardgenius(['status', '--watch', '--every', '1'], at);
  await watch.said(/100 of 100 users[\s\S]*100 of 100 users/);
  watch.kill('SIGINT');
  t.is((await watch).code, 0);
});
