import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Cli } from '../../src/cli/cli.ts';
import type { Settings } from '../../src/config/settings.ts';
import { checkSchema, migrate, planMigration } from '../../src/database/migrate/migrate.ts';
import { repairSchema } from '../../src/database/migrate/repair.ts';
import { readNamedMigrations, readSqlFiles } from '../../src/database/migrate/sql-files.ts';
import { normalize, verifySchema } from '../../src/database/migrate/verify.ts';
import { MssqlMigrationTarget } from '../../src/database/mssql/mssql-migration-target.ts';
import type { Pool } from '../../src/database/mssql/pools.ts';
import { reviewScript } from '../../src/database/mssql/review-script.ts';
import { Pglite } from '../../src/database/postgres/pglite.ts';
import { PostgresMigrationTarget } from '../../src/database/postgres/postgres-migration-target.ts';
import { OPTIONAL_COLUMNS } from '../../src/model/contract.ts';
import { cardgenius, newFolder } from '../e2e/cli.ts';
import { copyDatabase } from '../support/kept.ts';

test('the embedded engine: a clean database verifies, and each drift is found', async t => {
  const pglite = new Pglite(await copyDatabase('migrated'));
  const target = new PostgresMigrationTarget(pglite);
  const { files, compared, drift } = await verifySchema(target);
  t.deepEqual(drift, []);
  t.is(files, (await readSqlFiles('postgres')).length);
  t.true(compared > 20);

  await pglite.transaction([
    {
      sql: `CREATE OR REPLACE FUNCTION cardgenius.sweep_staging(p_now TIMESTAMPTZ DEFAULT NULL) RETURNS TABLE (swept BIGINT)
            LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT 0::BIGINT; END $$`,
    },
    { sql: 'CREATE FUNCTION cardgenius.helper() RETURNS INTEGER LANGUAGE sql AS $$ SELECT 1 $$' },
    { sql: 'DROP VIEW cardgenius.failed_user' },
    {
      sql: "UPDATE cardgenius.migration SET checksum = repeat('0', 64) WHERE name IN ('0002_contract_tables', 'object:end_import')",
    },
    { sql: "INSERT INTO cardgenius.migration (name, checksum) VALUES ('object:old', repeat('0', 64))" },
    { sql: "DELETE FROM cardgenius.migration WHERE name = 'object:begin_load'" },
  ]);
  const found = (await verifySchema(target)).drift.map(({ what, problem }) => `${problem} ${what}`);
  t.deepEqual(found.sort(), [
    'added cardgenius.begin_load',
    'added cardgenius.helper',
    'altered cardgenius.sweep_staging',
    'dropped cardgenius.failed_user',
    'edited migrations/postgres/0002_contract_tables.sql',
    'missing sql/postgres/begin_load.sql',
    'outdated sql/postgres/end_import.sql',
    'unknown object:old',
  ]);
  await pglite.close();
});

test('repair: says which lines differ, and puts altered and dropped objects of ours back, and nothing else', async t => {
  const pglite = new Pglite(await copyDatabase('migrated'));
  const target = new PostgresMigrationTarget(pglite);
  t.deepEqual(await repairSchema(target, true), { repairable: [], left: [] });

  const file = (await readSqlFiles('postgres')).find(({ name }) => name === 'object:count_users')!;
  const altered = file.text.replace("FILTER (WHERE u.processing_status = 'failed')", 'FILTER (WHERE FALSE)');
  await pglite.transaction([
    { sql: altered },
    { sql: 'DROP VIEW cardgenius.failed_user' },
    { sql: 'CREATE FUNCTION cardgenius.helper() RETURNS INTEGER LANGUAGE sql AS $$ SELECT 1 $$' },
  ]);
  const shown = await repairSchema(target, false);
  t.deepEqual(
    shown.repairable.map(({ what, problem }) => [what, problem]),
    [
      ['cardgenius.failed_user', 'dropped'],
      ['cardgenius.count_users', 'altered'],
    ],
  );
  t.deepEqual(shown.repairable[1]!.lines, [
    "-          COUNT(*) FILTER (WHERE u.processing_status = 'failed'),",
    '+          COUNT(*) FILTER (WHERE FALSE),',
  ]);
  t.deepEqual(
    shown.left.map(({ what }) => what),
    ['cardgenius.helper'],
  );
  t.deepEqual(await repairSchema(target, false), shown, 'who only looks changes nothing');
  await repairSchema(target, true);
  t.deepEqual(
    (await verifySchema(target)).drift.map(({ what, problem }) => [what, problem]),
    [['cardgenius.helper', 'added']],
  );
  await pglite.close();
});

test('a system database of the server is refused, by migrate and by each question about it', async t => {
  const sent: string[] = [];
  const pool = {
    batch: async (text: string) => {
      sent.push(text);
      return /DB_NAME/.test(text) ? [{ id: null, system_database: 'master' }] : [{ locked: 0 }];
    },
  } as unknown as Pool;
  const target = new MssqlMigrationTarget(pool);
  for (const ask of [migrate, planMigration, checkSchema, verifySchema]) {
    await t.throwsAsync(ask(target), { code: 'SYSTEM_DATABASE', message: /^master is a system database/ });
  }
  t.notRegex(sent.join(), /CREATE|INSERT/);
});

test('a text is the same however its head is written, and however its lines end', t => {
  const file = '-- Purpose\nCREATE OR ALTER PROCEDURE cardgenius.x\n  @a INT\nAS\nSELECT 1;\n';
  for (const live of [
    'CREATE   PROCEDURE cardgenius.x\r\n  @a INT  \r\nAS\r\nSELECT 1;\r\n\r\n',
    'ALTER PROC [cardgenius].[x]\n  @a INT\nAS\nSELECT 1',
    '-- another comment\ncreate procedure CardGenius.X\n  @a INT\nAS\nSELECT 1;',
  ])
    t.deepEqual(normalize(live), normalize(file));
  t.notDeepEqual(normalize(file.replace('SELECT 1', 'SELECT 2')), normalize(file));
});

const NEW_TABLES = {
  installed: { optionalColumns: OPTIONAL_COLUMNS, errorLength: 400 },
  found: [],
  named: ['named:add_contract_columns', 'named:complete_new_tables'],
};

test('the script: settings first, each file recorded, and no line that tsql takes for its own', async t => {
  const files = await readSqlFiles('mssql');
  const script = reviewScript({ pending: files, upToDate: 0, shape: NEW_TABLES }, new Map(), 'nowhere');
  const code = script.split('\n').filter(line => !line.startsWith('--'));
  t.deepEqual(code.slice(0, 2), ['SET QUOTED_IDENTIFIER ON;', 'SET ANSI_NULLS ON;']);
  t.deepEqual(
    code.filter(line => /^\s*(bye|exit|quit|reset|version)\b/i.test(line)),
    [],
  );
  for (const { name, checksum } of files) t.true(script.includes(`VALUES ('${name}', '${checksum}', 0)`), name);
  // What the script puts in for tsql's sake would be kept in an object's text, and be drift.
  for (const { path, text } of files.filter(({ kind }) => kind === 'object'))
    t.notRegex(text, /^[ \t]*(bye|exit|quit|reset|version)\b/im, path);
});

test('the command: plan and verify look only, sql is for SQL Server, and one at a time', async t => {
  const cwd = await newFolder();
  const place = { cwd, database: 'pglite:db' };
  const plan = await cardgenius(['migrate', '--plan', '--json'], place);
  t.is(plan.code, 0, plan.stderr);
  const byKind = Object.groupBy(await readSqlFiles('postgres'), ({ kind }) => kind);
  const named = await readNamedMigrations('postgres');
  const files = [...byKind.migration!, ...named, ...byKind.object!].map(({ name, path, checksum, breaking }) => {
    return { name, path, checksum, breaking, why: 'new' };
  });
  t.deepEqual(JSON.parse(plan.stdout), { database: 'pglite:db', pending: files, upToDate: 0 });

  const before = await cardgenius(['migrate', '--verify'], place);
  t.is(before.code, 2);
  t.regex(before.stderr, /\[DATABASE_MISSING\]/);
  const script = await cardgenius(['migrate', '--sql'], place);
  t.is(script.code, 2);
  t.regex(script.stderr, /\[MIGRATE_SQL\]/);
  t.deepEqual(readdirSync(cwd), [], 'who only looks makes nothing');

  await copyDatabase('new', join(cwd, 'db'));
  const empty = await cardgenius(['migrate', '--verify'], place);
  t.is(empty.code, 1);
  t.regex(empty.stdout, /migrations\/postgres\/0001_migration\.sql\s+missing\s+was never applied/);
  t.is((await cardgenius(['migrate'], place)).code, 0);
  const after = await cardgenius(['migrate', '--verify'], place);
  t.is(after.code, 0, after.stdout);
  t.regex(after.stdout, /is as reviewed: \d+ files/);
  t.regex((await cardgenius(['migrate', '--plan'], place)).stdout, /is up to date: \d+ files/);

  t.is((await cardgenius(['migrate', '--plan', '--verify'], place)).code, 2);
  const repaired = await cardgenius(['migrate', '--repair'], place);
  t.is(repaired.code, 0, repaired.stderr);
  t.regex(repaired.stdout, /no procedure, function or view of ours is altered or dropped/);
});

test.serial('what is printed for a program is not rewritten as it is typed here', t => {
  const cli = new Cli({} as Settings, false, text => text.replaceAll('cardgenius', 'npm run -s cardgenius --'));
  const said: string[] = [];
  const { write } = process.stdout;
  process.stdout.write = (text: string | Uint8Array) => said.push(String(text)) > 0;
  try {
    cli.print({}, () => 'cardgenius run');
    cli.printExactly({}, () => 'cardgenius run');
  } finally {
    process.stdout.write = write;
  }
  t.deepEqual(said, ['npm run -s cardgenius -- run\n', 'cardgenius run\n']);
});
