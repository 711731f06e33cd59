import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { HISTORY } from '../../src/database/maintenance.ts';

const FOLDER = join(import.meta.dirname, '../../deploy/sql');
const read = (path: string) => readFileSync(join(FOLDER, path), 'utf8');
const code = (text: string) => text.replace(/--.*/g, '').replace(/N?'(?:[^']|'')*'/g, "''");

test('the weekly job prunes each kind of history, in the order in which prune does', t => {
  const kinds = [...read('jobs/weekly-care.sql').matchAll(/\((\d+), ''(\w+)''\)/g)];
  t.deepEqual(
    kinds.map(([, , kind]) => kind),
    [...HISTORY],
  );
  t.deepEqual(
    kinds.map(([, place]) => Number(place)),
    HISTORY.map((_, i) => i + 1),
  );
});

test('uninstall.sql refuses beside an active run, and names no contract table in a statement', t => {
  const text = read('uninstall.sql');
  t.regex(text, /active_key = 0\)\s+THROW 50021/);
  t.true(text.indexOf('THROW 50021') < text.indexOf('BEGIN TRANSACTION'));
  t.notRegex(code(text), /user_spending_data|card_recommendations|\bdbo\b/);
});

test('each choice of tuning is a file of one statement with its cost and its way back', t => {
  const files = readdirSync(join(FOLDER, 'tuning'));
  t.is(files.length, 4);
  for (const file of files) {
    const text = read(`tuning/${file}`);
    for (const word of ['Purpose', 'For', 'Costs', 'Advice', 'Way back'])
      t.regex(text, new RegExp(`^-- ${word} `, 'm'), file);
    t.is(
      code(text)
        .split(';')
        .filter(part => /\w/.test(part.replace(/\bGO\b/g, ''))).length,
      1,
      file,
    );
  }
});
