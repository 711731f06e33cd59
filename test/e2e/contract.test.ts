/** What the whole contract shows on the command line: a log file a run, and the export of all columns. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { cardgenius, hold, newPlace } from './cli.ts';

const HEADER = 'user_id,avg_amazon_gmv,avg_flipkart_gmv,avg_myntra_gmv,avg_ajio_gmv,avg_grocery_gmv,avg_confirmed_gmv';
const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?$/;

test('run --log-dir names the file by the batch id; export --columns full adds the contract’s columns to the fifteen', async t => {
  const place = await newPlace();
  await writeFile(join(place.cwd, 'spends.csv'), `${HEADER}\nCK1,100,0,0,0,50,900\nCK2,1,1,1,1,1,6\n`);
  t.is((await cardgenius(['import', 'spends.csv'], place)).code, 0);
  const ran = await cardgenius(['run', '--log-dir', 'logs'], place);
  t.is(ran.code, 0, ran.stderr);

  const [file, ...others] = await readdir(join(place.cwd, 'logs'));
  t.deepEqual(others, []);
  const [, batchId] = /^run-1_(BATCH_\d{8}_001)\.log$/.exec(file!)!;
  const log = (await readFile(join(place.cwd, 'logs', file!), 'utf8')).trim().split('\n');
  const events = log.map(line => JSON.parse(line) as { msg: string; run: number });
  t.is(events[0]!.msg, 'run-opened');
  t.is(events.at(-1)!.msg, 'run-closed');
  t.true(events.every(({ run }) => run === 1));

  const held = await hold(place);
  const csv = async (name: string, ...options: string[]) => {
    t.is((await cardgenius(['export', name, ...options], place)).code, 0);
    return (await readFile(join(place.cwd, name), 'utf8')).trimEnd().split(/\r?\n/);
  };
  const summary = await csv('summary.csv');
  const full = await csv('full.csv', '--columns', 'full');
  t.is(summary[0]!.split(',').length, 15);
  t.is(full.length, 21, 'a head, and ten rows for each of two users');
  for (const [i, line] of full.entries())
    t.true(line.startsWith(`${summary[i]},`), 'the fifteen come first, as they are');
  const added = full[0]!.slice(summary[0]!.length + 1).split(',');
  t.deepEqual(added, ['card_id', 'processed_at', 'batch_id', 'created_at', 'updated_at']);
  for (const line of full.slice(1)) {
    const cells = Object.fromEntries(
      line
        .split(',')
        .slice(15)
        .map((cell, i) => [added[i]!, cell]),
    );
    t.not(cells.card_id, '');
    t.is(cells.batch_id, batchId);
    for (const name of ['processed_at', 'created_at', 'updated_at']) t.regex(cells[name]!, TIME);
  }

  await held.database.close();
  const dry = await cardgenius(['run', '--dry-run', '--log-dir', 'logs'], place);
  t.is(dry.code, 0, dry.stderr);
  t.deepEqual((await readdir(join(place.cwd, 'logs'))).sort(), [file!, 'run-2.log'].sort());

  const refused = await cardgenius(['run', '--log-dir', 'summary.csv'], place);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /Cannot write logs to the folder summary\.csv: .+ Name another folder with --log-dir/);
});
