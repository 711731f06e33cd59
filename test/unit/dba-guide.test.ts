import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readSqlFiles } from '../../src/database/migrate/sql-files.ts';

test('the DBA guide names every table, sequence, procedure and view, and a way back for every migration', async t => {
  const guide = await readFile(join(import.meta.dirname, '../../docs/dba-guide.md'), 'utf8');
  for (const { name, kind, text } of await readSqlFiles('mssql')) {
    t.true(guide.includes(`\`${name.replace('object:', '')}\``), name);
    if (kind === 'object') continue;
    t.regex(text, /^-- Way back /m, name);
    for (const [, table] of text.matchAll(/(?:CREATE (?:TABLE|SEQUENCE)|INTO) cardgenius\.(\w+)/g))
      t.true(guide.includes(`\`${table}\``), table);
  }
});
