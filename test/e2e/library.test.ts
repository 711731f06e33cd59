import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { recommend } from '../../src/index.ts';
import { newFolder } from './cli.ts';

const ROOT = join(import.meta.dirname, '../..');

test('the example of the library does what its comment says', async t => {
  const text = await readFile(join(ROOT, 'examples/library.ts'), 'utf8');
  const file = join(await newFolder(), 'library.ts');
  await writeFile(file, text.replace("'cardgenius-batch'", `'${join(ROOT, 'src/index.ts')}'`));
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  t.regex(stdout, /^.+: \d+\.\d\d rupees a year\nRun 1 is done: 0 completed, 0 failed\n$/);
});

test('recommend answers ten cards, best first, and says which amount it cannot read', async t => {
  const config = { database: 'pglite:memory' };
  const cards = await recommend({ amazon: '50000', flipkart: 30_000 }, { config });
  t.deepEqual(
    cards.map(({ rank }) => rank),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  const nets = cards.map(({ netSavings }) => Number(netSavings));
  t.deepEqual(
    nets,
    nets.toSorted((a, b) => b - a),
  );
  await t.throwsAsync(recommend({ amazon: '1,000' }, { config }), {
    code: 'INVALID_SPENDING',
    message: /amazon.*"1,000"/,
  });
  await t.throwsAsync(recommend({ amazon: -5 }, { config }), { code: 'INVALID_SPENDING', message: /negative/ });
  const misspelled = { amazonn: 5 } as object;
  await t.throwsAsync(recommend(misspelled, { config }), { code: 'INVALID_SPENDING', message: /no spend "amazonn"/ });
});
