import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { OUTPUT_COLUMNS } from '../../src/exchange/export-recommendations.ts';
import { type CliPlace, cardgenius, hold, newPlace, newWaitingPlace } from './cli.ts';

const HEADER = 'user_id,avg_amazon_gmv,avg_flipkart_gmv,avg_myntra_gmv,avg_ajio_gmv,avg_grocery_gmv,avg_confirmed_gmv';

test.serial('from a CSV with bad rows to ten cards for every good user, and only changed users again', async t => {
  const { cwd, database } = await newPlace('new');
  // All fifteen changed users get another first card: meant so, and no gate's matter here.
  const at = { cwd, database, env: { CARDGENIUS_MAX_FIRST_CARD_CHANGED_SHARE: '1' } };
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await cardgenius([...args, '--json'], at);
    t.is(code, 0, stderr);
    t.is(stdout.split('\n').length, 2, 'one line');
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  const rows = Array.from({ length: 150 }, (_, i) => `CK${String(i).padStart(7, '0')},${i}.50,${i},,0,7,${i * 4}`);
  await writeFile(
    join(cwd, 'spends.csv'),
    [HEADER, ...rows, 'CK0000001,9,9,9,9,9,9', 'CK-bad,-1,0,0,0,0,0', ''].join('\n'),
  );
  t.deepEqual(await json('import', 'spends.csv'), {
    read: 152,
    confirmedBelowSum: 4,
    imported: 150,
    unchanged: 0,
    rejected: 2,
    rejects: 'spends.csv.rejects.csv',
  });
  t.is(
    await readFile(join(cwd, 'spends.csv.rejects.csv'), 'utf8'),
    'line,user_id,reason,row\n152,CK0000001,a second row for this user_id; line 3 went in,\n' +
      '153,CK-bad,avg_amazon_gmv is negative: -1,"CK-bad,-1,0,0,0,0,0"\n',
  );

  const first = await json('run', '--chunk-size', '40');
  t.like(first, { state: 'done', users: 150, completed: 150, failed: 0, recommendations: 1_500 });
  t.like(await json('run'), { state: 'done', users: 0 });

  let held = await hold(at);
  t.is((await json('export', 'out.csv')).rows, 1_500);
  const lines = (await readFile(join(cwd, 'out.csv'), 'utf8')).trimEnd().split('\n');
  t.is(lines[0], OUTPUT_COLUMNS.join(','));
  const ranks = new Map<string, string[]>();
  for (const line of lines.slice(1)) {
    const [userId, rank] = line.split(',') as [string, string];
    ranks.set(userId, [...(ranks.get(userId) ?? []), rank]);
  }
  t.is(ranks.size, 150);
  for (const found of ranks.values()) t.deepEqual(found, ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);

  const changed = rows.map((row, i) => (i % 10 === 0 ? row.replace(/[^,]+$/, '999999') : row));
  await writeFile(join(cwd, 'spends.csv'), `${[HEADER, ...changed].join('\n')}\n`);
  t.like(await json('import', 'spends.csv'), { imported: 15, unchanged: 135, rejected: 0, rejects: null });
  await t.throwsAsync(stat(join(cwd, 'spends.csv.rejects.csv')));
  await held.database.close();
  t.like(await json('run'), { users: 15, completed: 15 });
  held = await hold(at);
  t.is((await json('export', 'again.csv')).rows, 1_500);
  const again = (await readFile(join(cwd, 'again.csv'), 'utf8')).trimEnd().split('\n');
  const differing = new Set(again.filter((line, i) => line !== lines[i]).map(line => line.split(',')[0]));
  t.true(differing.size > 0 && [...differing].every(userId => Number(userId!.slice(2)) % 10 === 0));

  const user = await json('recommend', 'CK0000100');
  t.like(user, { userId: 'CK0000100', spending: { avg_amazon_gmv: '100.50', avg_myntra_gmv: null } });
  t.is((user.cards as unknown[]).length, 10);
  await held.database.close();
});

test.serial('killed in the middle of a run, the next one completes it with the same rows', async t => {
  const [at, undisturbed] = await Promise.all([newWaitingPlace(), newWaitingPlace()]);
  await writeFile(join(undisturbed.cwd, 'go'), '');
  t.is((await cardgenius(['run', '--json', '--log', 'info.log'], undisturbed)).code, 0);
  const info = await readFile(join(undisturbed.cwd, 'info.log'), 'utf8');
  t.regex(info, /"run-opened"/);
  t.notRegex(info, /"chunk-/, 'from info on, unless the configuration says otherwise');

  const run = cardgenius(['run', '--chunk-size', '10'], at);
  await run.said(/the engine waits/);
  run.kill('SIGKILL');
  t.is((await run).signal, 'SIGKILL');

  await writeFile(join(at.cwd, 'go'), '');
  const debug = { ...at, env: { CARDGENIUS_LOG_LEVEL: 'debug' } };
  const resumed = JSON.parse((await cardgenius(['run', '--json', '--log', 'debug.log'], debug)).stdout);
  t.like(resumed, { state: 'done', failed: 0 });
  t.true(resumed.users > 0 && resumed.users < 100, `${resumed.users} users were left`);
  t.regex(await readFile(join(at.cwd, 'debug.log'), 'utf8'), /"chunk-published"/);
  await using _ = await hold(at);
  const status = JSON.parse((await cardgenius(['status', '--json'], at)).stdout);
  t.like(status, { new: 0, pending: 0, completed: 100, failed: 0 });
  // Who was killed is shown for a while, growing silent; who ended by itself has left.
  t.is(status.processors.length, 1);
  t.is(status.processors[0].leads, false);
  t.regex((await cardgenius(['status'], at)).stdout, /^processor +engine version +started +seen/m);
  const exported = async (place: CliPlace) => {
    t.is((await cardgenius(['export', 'out.csv'], place)).code, 0);
    return await readFile(join(place.cwd, 'out.csv'), 'utf8');
  };
  t.is(await exported(at), await exported(undisturbed));
});
