import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { cardgenius, newFolder } from './cli.ts';

const SHIPPED = join(import.meta.dirname, '../../catalog/cards.json');
const HEADER = 'user_id,avg_amazon_gmv,avg_flipkart_gmv,avg_myntra_gmv,avg_ajio_gmv,avg_grocery_gmv,avg_confirmed_gmv';

test.serial(
  'back from a bad catalogue: its run gives the good one back, and redo and run give the good rows',
  async t => {
    t.timeout(600_000);
  const cwd = await newFolder();
    const at = { cwd, database: 'pglite:db', env: { CARDGENIUS_CATALOG: 'cards.json' } };
    const done = async (...args: string[]) => {
      const { code, stdout, stderr } = await cardgenius(args, at);
      t.is(code, 0, stderr);
      return stdout;
    };
    const good = await readFile(SHIPPED);
    const rows = Array.from({ length: 300 }, (_, i) => `CK${1000 + i},${i * 90},${i * 40},${i},0,${i * 7},${i * 200}`);
    await writeFile(join(cwd, 'spends.csv'), `${[HEADER, ...rows].join('\n')}\n`);
    await writeFile(join(cwd, 'cards.json'), good);
    await done('import', 'spends.csv');
    await done('run');
    await done('export', 'good.csv');

    const bad = JSON.parse(good.toString());
    bad.version = 'bad';
    for (const card of bad.cards) if (card.id === 'sbi_cashback') card.earn.base.points = 0;
    await writeFile(join(cwd, 'cards.json'), JSON.stringify(bad));
    await done('redo', '--all', '--yes');
    await cardgenius(['run'], { ...at, env: { ...at.env, CARDGENIUS_MAX_FIRST_CARD_CHANGED_SHARE: '1' } });
    await done('export', 'bad.csv');
    const table = (name: string) => readFile(join(cwd, name), 'utf8');
    t.not(await table('bad.csv'), await table('good.csv'));

    await done('catalog', 'export', '--run', '1', '--out', 'cards.json');
    t.deepEqual(await readFile(join(cwd, 'cards.json')), good, 'byte for byte');
    t.is(JSON.parse(await done('catalog', 'export', '--run', '2')).version, 'bad', 'each run its own; - is stdout');
    await done('redo', '--all', '--yes');
    await cardgenius(['run'], { ...at, env: { ...at.env, CARDGENIUS_MAX_FIRST_CARD_CHANGED_SHARE: '1' } });
    await done('export', 'again.csv');
    t.is(await table('again.csv'), await table('good.csv'));

    const missing = await cardgenius(['catalog', 'export', '--run', '99'], at);
    t.is(missing.code, 1);
    t.regex(missing.stderr, /has no catalogue of run 99\..*\[NO_CATALOG\]/);
  },
);
