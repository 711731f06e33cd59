import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { CheckResult } from '../database/audit.ts';
import { EXIT } from '../model/errors.ts';
import { type CommonOptions, command, group } from './cli.ts';
import { textTable } from './table.ts';

interface VerifyOptions extends CommonOptions {
  readonly csv?: string;
}

export function defineVerify(program: Command): void {
  const definition = program
    .command('verify')
    .summary('check everything that must be true of the results')
    .description(
      'Checks the whole database in SQL: ten ranks, distinct cards, their order, net savings that add up, nobody pending without a ' +
        'chunk, nothing left staged, counts that add up. Ends with 1 where one fails. Beside a run, users in flight may show.',
    )
    .option('--csv <file>', 'write the checks to a CSV as well')
    .addHelpText('after', '\nExample: cardgenius verify --json');
  command<VerifyOptions>(definition, async (cli, _args, { csv }) => {
    await using opened = await cli.open();
    const checks = await opened.audit.verifyDatabase();
    const holds = checks.every(({ severity, violations }) => severity !== 'fail' || violations === 0);
    if (csv !== undefined) await writeFile(csv, toCsv(checks));
    cli.print({ holds, checks }, () => describe(checks, holds));
    cli.end(holds ? EXIT.done : EXIT.failed);
  });
}

function describe(checks: readonly CheckResult[], holds: boolean): string {
  const rows = checks.map(({ check, severity, violations, sample }) => [
    violations === 0 ? 'ok' : severity,
    check,
    group(violations),
    sample ?? '',
  ]);
  const summary = holds
    ? 'Everything that must be true is true.'
    : 'Something is wrong: look at the rows that say fail.';
  return `${textTable(['', 'check', 'violations', 'for example'], rows, [2])}\n\n${summary}`;
}

/** Names, counts and ids of printable ASCII without commas: nothing to quote but the sample. */
function toCsv(checks: readonly CheckResult[]): string {
  const lines = checks.map(
    ({ check, severity, violations, sample }) =>
      `${check},${severity},${violations},"${(sample ?? '').replaceAll('"', '""')}"`,
  );
  return `${['check,severity,violations,sample', ...lines].join('\n')}\n`;
}
