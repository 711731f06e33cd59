/** The CSVs that commands write: for people without formulas, for machines exact, and `verify` with what is wrong. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Pglite } from '../../src/database/postgres/pglite.ts';
import { cardgenius, hold, newPlace } from './cli.ts';

const HEADER = 'user_id,avg_amazon_gmv,avg_flipkart_gmv,avg_myntra_gmv,avg_ajio_gmv,avg_grocery_gmv,avg_confirmed_gmv';

test('an id that looks like a formula: an apostrophe for people, as it is for machines', async t => {
  const place = await newPlace();
  const read = (name: string) => readFile(join(place.cwd, name), 'utf8');
  await writeFile(join(place.cwd, 'spends.csv'), `${HEADER}\n=1+1,1,1,1,1,1,9000\n=2+2,1,1,1,1,1,6\n`);
  t.is((await cardgenius(['import', 'spends.csv'], place)).code, 0);
  await cardgenius(['run'], {
    ...place,
    env: { CARDGENIUS_MAX_MONTHLY_SPEND: '8000', CARDGENIUS_MAX_FAILED_SHARE: '1' },
  });
  const held = await hold(place);
  t.is((await cardgenius(['errors', '--csv', 'errors.csv'], place)).code, 0);
  t.regex(await read('errors.csv'), /^user_id,code,reason\n'=1\+1,INVALID_SPENDING,[^\n]+\n$/);
  t.is((await cardgenius(['export', 'cards.csv'], place)).code, 0);
  t.is((await read('cards.csv')).split('\n').filter(line => line.startsWith('=2+2,')).length, 10);

  await held.database.close();

  t.is((await cardgenius(['verify', '--csv', 'verify.csv'], place)).code, 0);
  t.is(await read('verify.csv'), 'check,severity,user_id,run,chunk,wrong\n', 'nothing is wrong');
  const pglite = new Pglite(join(place.cwd, 'db'));
  await pglite.query("DELETE FROM card_recommendations WHERE user_id = '=2+2' AND rank > 7");
  await pglite.close();
  const wrong = await cardgenius(['verify', '--csv', 'verify.csv', '--json'], place);
  t.is(wrong.code, 1);
  t.like(JSON.parse(wrong.stdout), { holds: false, csv: 'verify.csv' });
  const rows = (await read('verify.csv')).split('\n');
  t.is(rows[1], `ten_ranks,fail,'=2+2,,,"7 rows, 7 ranks, from 1 to 7"`);
});
