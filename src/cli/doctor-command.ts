import type { Command } from 'commander';
import { checkSchema } from '../database/migrate/migrate.ts';
import type { OpenedDatabase } from '../database/open-database.ts';
import { DatabaseError, EXIT, messageOf, UsageError } from '../model/errors.ts';
import { examine } from '../tools/doctor/doctor.ts';
import { type Finding, ok } from '../tools/doctor/finding.ts';
import { type Cli, type CommonOptions, command } from './cli.ts';
import { textTable } from './table.ts';

interface DoctorOptions extends CommonOptions {
  readonly role?: string;
}

const ROLES = ['processor', 'importer', 'reader', 'janitor', 'migrator'];

export function defineDoctor(program: Command): void {
  const definition = program
    .command('doctor')
    .description(
      'Looks at the connection, the server’s settings, rights, CashKaro’s two tables and the clock, and changes nothing. ' +
        'Exit code 1 where anything fails.',
    )
    .option(
      '--role <role>',
      `whether this login has the rights of a role: ${ROLES.join(', ')} (default: those it is in)`,
    )
    .addHelpText('after', '\nExamples:\n  cardgenius doctor\n  cardgenius doctor --role processor --json');
  command<DoctorOptions>(definition, async (cli, _args, { role }) => {
    if (role !== undefined && !ROLES.includes(role)) {
      throw new UsageError('DOCTOR_ROLE', `There is no role "${role}". Give one of ${ROLES.join(', ')}.`);
    }
    const findings = await examineAll(cli, role === undefined ? undefined : `cardgenius_${role}`);
    const count = (state: Finding['state']) => findings.filter(finding => finding.state === state).length;
    cli.print(
      { ok: count('ok'), warn: count('warn'), fail: count('fail'), notVisible: count('not visible'), findings },
      () =>
        [
          textTable(
            ['state', 'check', 'found'],
            findings.map(({ state, check, found }) => [state, check, found]),
          ),
          ...findings
            .filter(({ remedy }) => remedy !== '')
            .map(({ check, remedy }) => `\n${check}\n  ${remedy.replaceAll('\n', '\n  ')}`),
          `\n${count('ok')} ok, ${count('warn')} to weigh, ${count('fail')} to fix, ${count('not visible')} not visible.`,
        ].join('\n'),
    );
    if (count('fail') > 0) cli.end(EXIT.failed);
  });
}

async function examineAll(cli: Cli, role: string | undefined): Promise<Finding[]> {
  let opened: OpenedDatabase;
  try {
    opened = await cli.open({ checkSchema: false, migrate: false, light: true });
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    return [{ check: 'connection', state: 'fail', found: `${error.code}`, remedy: messageOf(error) }];
  }
  await using database = opened;
  const schema = await checkSchema(database.target).then((): Finding => ok('schema', 'this version’s'), schemaFinding);
  const connection: Finding = { check: 'connection', state: 'ok', found: database.database.description, remedy: '' };
  return [connection, schema, ...(await examine(database.maintenance, { role }))];
}

/** A database that refuses or does not answer says nothing about its schema. */
function schemaFinding(error: unknown): Finding {
  const isAsked = !(error instanceof DatabaseError);
  return {
    check: 'schema',
    state: isAsked ? 'fail' : 'not visible',
    found: isAsked ? 'not this version’s' : error.code,
    remedy: messageOf(error),
  };
}
