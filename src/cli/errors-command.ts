import type { Command } from 'commander';
import { listFailures, writeFailures } from '../exchange/failures.ts';
import { checkCsvPath } from '../exchange/write-csv.ts';
import { remedyLines, remedyOf } from '../model/codes.ts';
import { group } from '../model/format.ts';
import { type CommonOptions, command } from './cli.ts';
import { textTable } from './table.ts';

interface ErrorsOptions extends CommonOptions {
  readonly csv?: string;
}

export function defineErrors(program: Command): void {
  const definition = program
    .command('errors')
    .description('Lists the failed users grouped by the code of their reason, the commonest first.')
    .option('--csv <file>', 'write every failed user with code and reason to a CSV')
    .addHelpText('after', '\nExamples:\n  cardgenius errors\n  cardgenius errors --csv failed.csv');
  command<ErrorsOptions>(definition, async (cli, _args, { csv }) => {
    cli.keepStdoutFor(csv);
    if (csv !== undefined) await checkCsvPath(csv);
    await using opened = await cli.open({ beside: true });
    const groups = csv === undefined ? await listFailures(opened.audit) : await writeFailures(opened.audit, csv);
    const failed = groups.reduce((sum, { users }) => sum + users, 0);
    cli.print({ failed, codes: groups, csv: csv ?? null }, () => {
      if (failed === 0) return 'No user has failed.';
      const rows = groups.map(({ code, users, userId, error }) => [code, group(users), userId, error]);
      const remedies = groups.map(({ code }) => {
        const remedy = remedyOf(code) ?? {
          look: 'the reason',
          goOn: `remove the cause, then: cardgenius retry --code ${code}`,
        };
        return `${code}\n${remedyLines(remedy)}`;
      });
      return [textTable(['code', 'users', 'for example', 'reason'], rows, [1]), ...remedies].join('\n\n');
    });
  });
}
