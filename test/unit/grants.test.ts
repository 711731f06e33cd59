import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readSqlFiles } from '../../src/database/migrate/sql-files.ts';

const CONTRACT = ['user_spending_data', 'card_recommendations'];
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

test('grants.sql gives the rows of a contract table to the migrator alone, and EXECUTE AS to no role', t => {
  const onContract = given.filter(grant => /user_spending_data|card_recommendations|SCHEMA::dbo/.test(grant));
  const seen = ['processor', 'importer', 'reader'].flatMap(role =>
    CONTRACT.map(table => `VIEW DEFINITION ON OBJECT::dbo.${table} TO cardgenius_${role}`),
  );
  t.deepEqual(onContract, [
    ...seen, // which columns there are, and no row
    'SELECT ON OBJECT::dbo.user_spending_data TO cardgenius_migrator',
    'SELECT ON OBJECT::dbo.card_recommendations TO cardgenius_migrator',
  ]);
  t.notRegex(grants.replace(/^--.*$/gm, ''), /EXECUTE AS|WITH GRANT OPTION|CONTROL|db_owner/i);
});

/** What a migration's Grants line asks for, and the grants that give it. ALTER on a schema includes CREATE SEQUENCE there. */
const GIVEN_BY: Readonly<Record<string, readonly string[]>> = {
  'CREATE TABLE': ['CREATE TABLE'],
  'CREATE SEQUENCE': ['ALTER ON SCHEMA::cardgenius'],
  'ALTER on schema cardgenius': ['ALTER ON SCHEMA::cardgenius'],
  'SELECT on user_spending_data': ['SELECT ON OBJECT::dbo.user_spending_data'],
  none: [],
  'SELECT on both contract tables': CONTRACT.map(table => `SELECT ON OBJECT::dbo.${table}`),
};

test('the migrator has what each migration after the first three needs; those are for a db_owner', async t => {
  const files = (await readSqlFiles('mssql')).filter(({ kind, name }) => kind === 'migration' && name > '0004');
  t.true(files.length >= 5);
  for (const { path, text } of files) {
    const line = /^-- Grants\s+(.+)$/m.exec(text)?.[1] ?? '';
    const asked = line.split(/[,;]/).map(part => part.replace(/\(.*|for the types.*/, '').trim());
    for (const right of asked.filter(part => part !== '')) {
      const grants = GIVEN_BY[right];
      t.truthy(grants, `${path}: say in GIVEN_BY what gives ${right}`);
      for (const grant of grants ?? []) t.true(given.includes(`${grant} TO cardgenius_migrator`), `${path}: ${right}`);
    }
    for (const [, table] of text.matchAll(/^FROM dbo\.(\w+)/gm))
      t.regex(line, new RegExp(`SELECT on (${table}|both contract tables)`), `${path} reads ${table}`);
    if (/^CREATE SEQUENCE/m.test(text)) t.regex(line, /CREATE SEQUENCE/, path);
  }
});

test('every role may read what was applied: each command looks at it first', t => {
  for (const role of ['processor', 'importer', 'reader', 'migrator'])
    t.true(given.includes(`SELECT ON OBJECT::cardgenius.migration TO cardgenius_${role}`), role);
});

const roleOf = (grant: string) =>
  grant.replace(/ON OBJECT::cardgenius/, 'ON cardgenius').replace(/ON (FUNCTION|TABLE) /, 'ON ');

test('PostgreSQL’s grants.sql gives on functions and views what SQL Server’s does; each function that a role may call runs as its owner', async t => {
  const text = await readFile(join(ROOT, 'deploy/sql/postgres/grants.sql'), 'utf8');
  const theirs = [...text.matchAll(/^GRANT (\w+ ON (?:FUNCTION|TABLE) cardgenius\.\w+ TO \w+);$/gm)].map(
    ([, what]) => what!,
  );
  const files = (await readSqlFiles('postgres')).filter(({ kind }) => kind === 'object');
  const stems = files.map(({ name }) => name.slice('object:'.length));
  const isObject = (grant: string) => stems.some(stem => grant.includes(`cardgenius.${stem} TO`));
  const procedures = given.filter(grant => isObject(grant) && !grant.endsWith('_migrator')); // there a member of the owner
  t.deepEqual(theirs.filter(isObject).map(roleOf).sort(), procedures.map(roleOf).sort());
  for (const { path, text: sql } of files) {
    const isGiven = /^-- Grants +EXECUTE for/m.test(sql);
    t.is(/\bSECURITY DEFINER SET search_path = pg_catalog, public, pg_temp\b/.test(sql), isGiven, path);
  }
  t.notRegex(text.replace(/^\s*--.*$/gm, ''), /WITH GRANT OPTION|SUPERUSER|TO PUBLIC/);
});
