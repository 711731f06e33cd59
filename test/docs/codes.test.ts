import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { DOCS_PATH, withTable } from '../../scripts/codes-docs.ts';
import { CODES } from '../../src/model/codes.ts';
import { EXIT } from '../../src/model/errors.ts';
import { ROOT } from './documents.ts';

/** Two words are a code wherever they stand; one word (FAILED, OTHER) is where it is given as one. */
const CODES_IN_TEXT = [
  /['"[]([A-Z]{2,}(?:_[A-Z]+)+)['"\]]/g,
  /(?:\brefuse\([^;]*|\bcode (?:\?\?|:) |Error\(\s*)'([A-Z]{2,})'/g,
];
/** Words in capitals that are no codes of ours; one is a hint of SQL Server. */
const OTHERS = /^(CARDGENIUS_\w+|DISABLE_OPTIMIZER_ROWGOAL|ERR_\w+|PG_VERSION|HTTPS?_PROXY)$/;

test('every error code of the program is in model/codes.ts, and no other is', t => {
  const files = ['src', 'sql'].flatMap(folder =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(name => join(ROOT, folder, name)),
  );
  const thrown = new Set<string>();
  const written = files.filter(name => /\.(ts|sql)$/.test(name) && !name.endsWith('model/codes.ts'));
  for (const path of [...written, join(ROOT, 'cardgenius')]) {
    const text = readFileSync(path, 'utf8');
    for (const [, code] of CODES_IN_TEXT.flatMap(pattern => [...text.matchAll(pattern)])) {
      if (!OTHERS.test(code!)) thrown.add(code!);
    }
  }
  const known = CODES.flatMap(([codes]) => codes).filter(code => !/_n$/.test(code));
  t.deepEqual([...thrown].sort(), [...known].sort());
});

test('a Node that is too old ends the program as wrong usage does: in the table, and in main.ts, which imports nothing', t => {
  const main = readFileSync(join(ROOT, 'src/cli/main.ts'), 'utf8');
  const [, exitCode] = /NODE_TOO_OLD[\s\S]*?process\.exitCode = (\d)/.exec(main)!;
  t.is(Number(exitCode), EXIT.usage);
  t.true(CODES.find(([codes]) => codes.some(code => code === 'NODE_TOO_OLD'))![2]);
});

test('docs/troubleshooting.md has the tables of model/codes.ts', t => {
  const guide = readFileSync(DOCS_PATH, 'utf8');
  t.is(guide, withTable(guide), 'stale: npm run docs:codes');
});
