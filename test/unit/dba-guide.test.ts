import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/commands.ts';
import { readSqlFiles } from '../../src/database/migrate/sql-files.ts';

const PROGRAM = await createProgram();

const guide = await readFile(join(import.meta.dirname, '../../docs/dba-guide.md'), 'utf8');

/** Whether a procedure changes a row of CashKaro's tables, under their names or an alias. */
function changesContract(text: string): boolean {
  const code = text.replace(/--.*$/gm, '');
  const table = String.raw`dbo\.(?:user_spending_data|card_recommendations)\b`;
  const aliases = [...code.matchAll(new RegExp(`${table} AS (\\w+)`, 'g'))].map(([, alias]) => alias!);
  const target = [table, ...aliases.map(alias => `${alias}\\b`)].join('|');
  return new RegExp(
    `\\b(?:MERGE|MERGE INTO|UPDATE|DELETE|DELETE FROM|INSERT INTO)(?: TOP \\([^)]*\\))? (?:${target})`,
  ).test(code);
}

test('the DBA guide names every table and sequence, and each procedure that changes rows of CashKaro; every migration has a way back', async t => {
  const changing: string[] = [];
  for (const { name, kind, text } of await readSqlFiles('mssql')) {
    if (kind === 'object') {
      if (!changesContract(text)) continue;
      changing.push(name);
      t.true(guide.includes(`\`${name.replace('object:', '')}\``), name);
      continue;
    }
    t.regex(text, /^-- Way back /m, name);
    for (const [, table] of text.matchAll(/(?:CREATE (?:TABLE|SEQUENCE)|INTO) cardgenius\.(\w+)/g))
      t.true(guide.includes(`\`${table}\``), table);
  }
  t.true(changing.length > 5, changing.join(', '));
});

/** Each command as it is typed; one that its parent runs by default is the parent. */
function commandsOf(parent: Command, typed: readonly string[] = []): string[] {
  const { _defaultCommandName: byDefault } = parent as unknown as { _defaultCommandName?: string };
  return parent.commands.flatMap(command => {
    if (command.commands.length > 0) return commandsOf(command, [...typed, command.name()]);
    return [...typed, ...(command.name() === byDefault ? [] : [command.name()])].join(' ');
  });
}

/** The roles column of the rows that begin a cell with a command, by command. */
function rolesOf(command: string): string {
  const [table] = /^\| command \| role \|\n(\|.*\n)+/m.exec(guide)!;
  const rows = table.split('\n').filter(row => new RegExp(`\`${command}( [A-Z-][^\`]*)?\``).test(row.split(' | ')[0]!));
  return rows.map(row => row.split(' | ')[1]).join(' ');
}

/** They open no database, and the guide calls them "all others". */
const WITHOUT_DATABASE =
  'alerts test, catalog check, catalog from-answers, catalog from-api, catalog names, catalog refresh, catalog show, completion, config print, version';

test('the DBA guide says which role each command needs that opens a database', t => {
  const others = commandsOf(PROGRAM).filter(command => rolesOf(command) === '');
  t.is(others.sort().join(', '), WITHOUT_DATABASE);
});

test('of the roles that a command may have, one may execute each object that names the command as its caller', async t => {
  const known = new Set(commandsOf(PROGRAM));
  for (const engine of ['mssql', 'postgres'] as const) {
    for (const { name, kind, text } of await readSqlFiles(engine)) {
      if (kind !== 'object') continue;
      const line = (word: string) => new RegExp(`^-- ${word} +(.+\\n(?:--  +.+\\n)*)`, 'm').exec(text)?.[1] ?? '';
      const callers = line('Callers').replaceAll(/\n(--)? */g, ' ');
      t.not(callers, '', name);
      const granted = [...line('Grants').matchAll(/cardgenius_(\w+)/g)].map(([, role]) => role!);
      for (const [, listed] of callers.matchAll(/\bcardgenius ([^;:]+)/g)) {
        for (const command of listed!.split(', ').map(word => word.trim())) {
          if (!known.has(command) || command === 'demo') continue;
          const roles = rolesOf(command);
          t.true(
            granted.some(role => roles.includes(role)),
            `${engine}/${name}: ${command} runs as ${roles}, granted to ${granted.join(', ')}`,
          );
        }
      }
    }
  }
});
