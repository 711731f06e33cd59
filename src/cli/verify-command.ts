import type { Command } from 'commander';
import type { CheckResult } from '../database/audit.ts';
import { MOST_VIOLATIONS, writeViolations } from '../exchange/violations.ts';
import { checkCsvPath } from '../exchange/write-csv.ts';
import { EXIT } from '../model/errors.ts';
import { group } from '../model/format.ts';
import { type CommonOptions, command } from './cli.ts';
import { textTable } from './table.ts';

interface VerifyOptions extends CommonOptions {
  readonly csv?: string;
}

export function defineVerify(program: Command): void {
  const definition = program
    .command('verify')
    .description(
      'Checks the whole database in SQL: ten ranks, distinct cards, their order, net savings that add up, no user pending without a ' +
        'chunk, nothing left staged, counts that add up. Ends with 1 where one fails. Beside a run, users in flight may show.',
    )
    .option('--csv <file>', 'write each violation to a CSV, a row each; at most 5,000 of a check')
    .addHelpText('after', '\nExamples:\n  cardgenius verify\n  cardgenius verify --csv wrong.csv');
  command<VerifyOptions>(definition, async (cli, _args, { csv }) => {
    cli.keepStdoutFor(csv);
    if (csv !== undefined) await checkCsvPath(csv);
    await using opened = await cli.open();
    const { checks, violations } = await opened.audit.verifyDatabase(csv === undefined ? 0 : MOST_VIOLATIONS);
    if (csv !== undefined) await writeViolations(violations, csv);
    const holds = checks.every(({ severity, violations }) => severity !== 'fail' || violations === 0);
    cli.print({ holds, checks, csv: csv ?? null }, () => describe(checks, holds));
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
  const warns = checks.some(({ severity, violations }) => severity === 'warn' && violations > 0);
  const summary = holds
    ? `Everything that must be true is true${warns ? '; look at the rows that say warn' : ''}.`
    : 'Something is wrong: look at the rows that say fail.';
  return `${textTable(['', 'check', 'violations', 'for example'], rows, [2])}\n\n${summary}`;
}
