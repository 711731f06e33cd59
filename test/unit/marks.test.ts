import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { marksOf, resolveMarks } from '../../src/database/migrate/marks.ts';
import { OPTIONAL_COLUMNS } from '../../src/model/contract.ts';

const ROOT = join(import.meta.dirname, '../..');

test('a marked line stands where all its columns are there, and one with ! where it is missing', t => {
  const text = 'a\n, b  --? t.x\n, c  --? t.x t.y\n, d  --? !t.y\ne -- ? no mark';
  const resolved = (...there: string[]) =>
    resolveMarks(text, column => there.includes(column))
      .split('\n')
      .map(line => line.replace(/[, ]*([a-e]).*/, '$1'))
      .join('');
  t.is(resolved(), 'ade');
  t.is(resolved('t.x'), 'abde');
  t.is(resolved('t.x', 't.y'), 'abce');
  t.throws(() => resolveMarks('x --? batch_id', () => true), { message: /not a mark: x/ });
});

test('each mark names an optional column of the contract, and each column has its lines in both dialects', t => {
  for (const dialect of ['mssql', 'postgres']) {
    const folder = join(ROOT, 'sql', dialect);
    const named = new Set(
      readdirSync(folder)
        .flatMap(name => readFileSync(join(folder, name), 'utf8').split('\n'))
        .flatMap(marksOf)
        .map(term => term.replace('!', '')),
    );
    t.deepEqual([...named].sort(), [...OPTIONAL_COLUMNS].sort(), dialect);
  }
});
