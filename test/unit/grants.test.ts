import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readSqlFiles } from '../../src/database/migrate/sql-files.ts';

const ROOT = join(import.meta.dirname, '../..');
const grants = await readFile(join(ROOT, 'deploy/sql/grants.sql'), 'utf8');
const given = [...grants.matchAll(/^GRANT (.+) TO (\w+);$/gm)].map(([, what, role]) => `${what} TO ${role}`);

test('grants.sql gives on procedures and views exactly what their Grants lines say', async t => {
  const files = (await readSqlFiles('mssql')).filter(({ kind }) => kind === 'object');
  const wanted: string[] = [];
  for (const { name, path, text } of files) {
    const line = /^-- Grants\s+(.+)$/m.exec(text)?.[1] ?? '';
    t.regex(line, /^((EXECUTE|SELECT) for (cardgenius_\w+)(, cardgenius_\w+)*|none: .*)$/, path);
    const [, right, roles] = /^(\w+) for (.+)$/.exec(line) ?? [];
    for (const role of roles?.split(', ') ?? [])
      wanted.push(`${right} ON OBJECT::cardgenius.${name.slice('object:'.length)} TO ${role}`);
  }
  const objects = new Set(files.map(({ name }) => name.slice('object:'.length)));
  const onObjects = given.filter(grant => objects.has(/::cardgenius\.(\w+) TO/.exec(grant)?.[1] ?? ''));
  t.deepEqual(onObjects.sort(), wanted.sort());
});

test('grants.sql gives the processor no right on a contract table, and nobody EXECUTE AS or a row of them', t => {
  const onContract = given.filter(grant => /user_spending_data|card_recommendations|SCHEMA::dbo/.test(grant));
  t.deepEqual(onContract, [
    'VIEW DEFINITION ON OBJECT::dbo.user_spending_data TO cardgenius_reader',
    'VIEW DEFINITION ON OBJECT::dbo.card_recommendations TO cardgenius_reader',
  ]);
  t.notRegex(grants.replace(/^--.*$/gm, ''), /EXECUTE AS|WITH GRANT OPTION|CONTROL|db_owner/i);
});

test('every role may read what was applied: each command looks at it first', t => {
  for (const role of ['processor', 'importer', 'reader', 'migrator'])
    t.true(given.includes(`SELECT ON OBJECT::cardgenius.migration TO cardgenius_${role}`), role);
});
