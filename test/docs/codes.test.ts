import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ROOT } from './documents.ts';

/** Two words are a code wherever they stand; one word (FAILED, OTHER) is where it is given as one. */
const CODES = [
  /['"[]([A-Z]{2,}(?:_[A-Z]+)+)['"\]]/g,
  /(?:\brefuse\([^;]*|\bcode (?:\?\?|:) |Error\(\s*)'([A-Z]{2,})'/g,
];
/** Words in capitals that are no codes of ours. */
const OTHERS = /^(CARDGENIUS_\w+|ERR_\w+|PG_VERSION|HTTPS?_PROXY)$/;

test('every error code has its place in docs/troubleshooting.md, and no other stands there', t => {
  const files = ['src', 'sql'].flatMap(folder =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(name => join(ROOT, folder, name)),
  );
  const thrown = new Set<string>();
  for (const path of files.filter(name => /\.(ts|sql)$/.test(name))) {
    const text = readFileSync(path, 'utf8');
    for (const [, code] of CODES.flatMap(pattern => [...text.matchAll(pattern)])) {
      if (!OTHERS.test(code!)) thrown.add(code!);
    }
  }
  const guide = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8');
  const rows = guide.split('\n').filter(line => line.startsWith('| `'));
  const explained = rows.flatMap(row => [...row.split(' | ')[0]!.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code!));
  t.deepEqual(
    [...thrown].filter(code => !explained.includes(code)),
    [],
    'not explained',
  );
  t.deepEqual(
    explained.filter(code => !thrown.has(code)),
    [],
    'thrown nowhere',
  );
  t.is(new Set(explained).size, explained.length, 'each once');
  t.log(`${explained.length} codes explained`);
});
