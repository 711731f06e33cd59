import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bash, hold, newPlace } from './cli.ts';

const HEADER = 'user_id,avg_amazon_gmv,avg_flipkart_gmv,avg_myntra_gmv,avg_ajio_gmv,avg_grocery_gmv,avg_confirmed_gmv';
const rows = (n: number) => Array.from({ length: n }, (_, i) => `CK${i},1000,0,0,0,0,500\n`).join('');

test('a CSV comes in through each kind of pipe, and goes out through stdout', async t => {
  const place = await newPlace();
  const { cwd } = place;
  let held = await hold(place);
  await writeFile(join(cwd, 'spends.csv'), `${HEADER}\n${rows(3_000)}bad\n`);
  const imported = await bash(cwd, 'cat spends.csv | cg import - --json');
  t.is(imported.code, 0, imported.stderr);
  t.like(JSON.parse(imported.stdout), {
    read: 3_001,
    imported: 3_000,
    rejected: 1,
    rejects: 'stdin.rejects.csv',
    confirmedBelowSum: 3_000,
  });
  t.regex(
    imported.stderr,
    /^In 3,000 of the imported rows the confirmed spends .* below the sum of the other five \(the first: \S+, line 2\)/,
  );
  t.regex(await readFile(join(cwd, 'stdin.rejects.csv'), 'utf8'), /^3002,bad,/m);

  for (const line of [
    'cat spends.csv | cg import /dev/stdin',
    'cg import <(gzip < spends.csv)',
    'cg import - < spends.csv',
  ]) {
    const again = await bash(cwd, line);
    t.regex(again.stdout, /^3,001 rows read: 0 imported, 3,000 unchanged, 1 rejected/, `${line}: ${again.stderr}`);
  }
  await held.database.close();
  t.is((await bash(cwd, 'cg run --limit 10')).code, 0);
  held = await hold(place);
  const exported = await bash(cwd, 'cg export - | tee copy.csv');
  t.regex(exported.stdout, /^user_id,rank,card_name,/);
  t.is(exported.stdout.split('\n').length, 102, exported.stderr);
  t.regex(exported.stderr, /^100 rows in -\.$/m);
  const device = await bash(cwd, 'cg export /dev/null');
  t.is(device.stdout, '100 rows in /dev/null.\n');
  t.true((await stat('/dev/null')).isCharacterDevice());
  await held.database.close();
});
