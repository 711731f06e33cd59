import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Pglite } from '../../src/database/postgres/pglite.ts';
import { cardgenius, newWaitingPlace } from './cli.ts';

interface Snapshot {
  readonly run: object;
}

test('run --dashboard: what it says last is what status and SQL say; off this machine only with a token', async t => {
  const at = await newWaitingPlace();
  for (const args of [
    ['run', '--dashboard', '0.0.0.0:0'],
    ['dashboard', '--host', '0.0.0.0'],
  ]) {
    const refused = await cardgenius(args, at);
    t.is(refused.code, 2);
    t.regex(refused.stderr, /set CARDGENIUS_DASHBOARD_TOKEN.*\[DASHBOARD_TOKEN\]/);
  }
  for (const args of [
    ['run', '--dashboard', '0'],
    ['serve', '--dashboard', '0'],
    ['dashboard', '--port', '0'],
  ]) {
    const refused = await cardgenius(args, at);
    t.is(refused.code, 2);
    t.regex(refused.stderr, /no token, and no terminal to print one on.*\[DASHBOARD_TOKEN\]/, args[0]);
  }

  const run = cardgenius(['run', '--chunk-size', '10', '--dashboard', '0', '--open'], at);
  await run.said(/The dashboard is at http:\S+/);
  const url = run.text().match(/http:\S+/)![0];
  const stream = await fetch(`${url}api/events`);
  await writeFile(join(at.cwd, 'go'), '');
  const events = await stream.text(); // until the run has ended, and with it the dashboard
  t.is((await run).code, 0);
  const bye = JSON.parse(events.match(/event: bye\ndata: (.*)\n\n$/)![1]!);
  t.like(bye.runs[0], { state: 'done', completed: 100 }, 'the lists as they are at the end');
  const last = JSON.parse(
    events
      .match(/^data: \{"at":\d+,"database".*$/gm)!
      .at(-1)!
      .slice('data: '.length),
  ) as Snapshot;
  const status = JSON.parse((await cardgenius(['status', '--json'], at)).stdout);
  t.deepEqual(last.run, status.run);
  t.like(status, { completed: 100, failed: 0 });
  const pglite = new Pglite(join(at.cwd, 'db'));
  const [counted] = await pglite.query(
    `SELECT (SELECT COUNT(*)::int FROM user_spending_data WHERE processing_status = 'completed') AS completed,
            (SELECT COUNT(*)::int FROM card_recommendations) AS recommendations`,
  );
  await pglite.close();
  t.deepEqual(counted, { completed: 100, recommendations: 1_000 });
  t.like(last, { figures: { done: 100 }, run: { completed: 100, state: 'done' } });

  const again = await cardgenius(['run', '--dashboard', '0', '--open'], at);
  t.is(again.code, 0);
  t.regex(again.stderr, /Nothing was left to do, so the page has closed; to look: .*cardgenius -- dashboard\n/);

  const alone = cardgenius(['dashboard', '--port', '0', '--json', '--open'], at);
  await alone.said(/"url":/);
  const { url: page } = JSON.parse(alone.text()) as { url: string };
  t.like(await (await fetch(`${page}api/session`)).json(), { canRead: true, canAct: false });
  t.is((await fetch(`${page}readyz`)).status, 200);
  alone.kill('SIGINT');
  t.is((await alone).code, 0);
});
