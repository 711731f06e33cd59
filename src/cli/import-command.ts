import type { Command } from 'commander';
import { csvForm } from '../exchange/csv-rows.ts';
import { importSpending } from '../exchange/import-spending.ts';
import { holdsInventedUsers } from '../exchange/seed-spending.ts';
import { openSpendingCsv } from '../exchange/spending-csv.ts';
import { UsageError } from '../model/errors.ts';
import { group } from '../model/format.ts';
import { type CommonOptions, command } from './cli.ts';
import { shellUser } from './shell-user.ts';

interface ImportOptions extends CommonOptions {
  readonly delimiter?: string;
}

export const DELIMITER_HELP =
  'what separates the fields: , ; | or tab (default: a comma, or what sep= in the first line says)';

export function defineImport(program: Command): void {
  const definition = program
    .command('import')
    .description(
      'Brings FILE into user_spending_data. Changed users become new; unchanged ones stay as they are; bad rows go to ' +
        'FILE.rejects.csv with their line and the reason.',
    )
    .argument('<file>', 'a CSV whose first line names user_id and the six avg_*_gmv, also .gz; - is stdin')
    .option('--delimiter <char>', DELIMITER_HELP)
    .addHelpText('after', '\nExample: cardgenius import spends.csv --json');
  command<ImportOptions>(definition, async (cli, [file], { delimiter }) => {
    const { maxMonthlySpend } = cli.settings;
    const csv = await openSpendingCsv(file!, maxMonthlySpend, csvForm(delimiter)); // before a database is made for nothing
    await using opened = await cli.open({ create: true, beside: true });
    const isMixed = cli.settings.databaseUrl.startsWith('pglite:') && (await holdsInventedUsers(opened.database));
    const result = await importSpending(opened.database, csv, { maxMonthlySpend, by: shellUser() });
    const { firstReject, firstBelowSum, ...told } = result;
    cli.print(told, () => {
      const { read, imported, unchanged, rejected, rejects } = told;
      const went = `${group(read)} ${read === 1 ? 'row' : 'rows'} read: ${group(imported)} imported, ${group(unchanged)} unchanged, ${group(rejected)} rejected`;
      const example = firstReject && ` The first, line ${firstReject.lineNo}: ${firstReject.reason}.`;
      return rejects === null ? `${went}.` : `${went}: see ${rejects}.${example ?? ''}`;
    });
    if (result.read === 0) cli.note(`${file} has no row below its header: no user was imported or changed.`);
    if (result.rejects !== null && result.rejected === result.read) {
      throw new UsageError(
        'ALL_REJECTED',
        `All ${group(result.read)} rows of ${file} were rejected, and no user was imported or changed. Why, row by row: ${result.rejects}. Correct the ` +
          'file and import it again.',
      );
    }
    if (result.confirmedBelowSum > 0) {
      cli.note(
        `In ${group(result.confirmedBelowSum)} of the imported rows the confirmed spends (avg_confirmed_gmv) are below the sum of the ` +
          `other five (the first: ${firstBelowSum?.userId}, line ${firstBelowSum?.lineNo}): other spends are then 0. Ask who made the file whether its confirmed spends are whole.`,
      );
    }
    if (isMixed) {
      cli.note(
        `The invented users of the demo are in ${opened.database.description}, too. For yours alone: ` +
          'export CARDGENIUS_DATABASE_URL=pglite:.cardgenius/mine, and import again.',
      );
    }
  });
}
