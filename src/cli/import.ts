import type { Command } from 'commander';
import { type CommonOptions, command, group } from './cli.ts';

export function defineImport(program: Command): void {
  const definition = program
    .command('import')
    .description(
      'Brings FILE into user_spending_data. Changed users become new; unchanged ones stay as they are; bad rows go to ' +
        'FILE.rejects.csv with their line and the reason.',
    )
    .argument('<file>', 'a CSV whose first line names user_id and the six avg_*_gmv')
    .addHelpText('after', '\nExample: cardgenius import spends.csv --json');
  command<CommonOptions>(definition, async (cli, [file]) => {
    const { maxMonthlySpend } = cli.settings;
    const { checkSpendingCsv } = await import('../exchange/spending-csv.ts');
    await checkSpendingCsv(file!); // before a database is made for nothing
    await using opened = await cli.open({ create: true });
    const [{ importSpending }, { holdsInventedUsers }] = await Promise.all([
      import('../exchange/import-spending.ts'),
      import('../exchange/seed-spending.ts'),
    ]);
    const isMixed = cli.settings.databaseUrl.startsWith('pglite:') && (await holdsInventedUsers(opened.database));
    const result = await importSpending(opened.database, file!, { maxMonthlySpend });
    cli.print(result, () => {
      const { read, imported, unchanged, rejected, rejects } = result;
      const went = `${group(read)} rows read: ${group(imported)} imported, ${group(unchanged)} unchanged, ${group(rejected)} rejected`;
      return rejects === null ? `${went}.` : `${went}: see ${rejects}.`;
    });
    if (isMixed) {
      cli.note(
        `The invented users of the demo are in ${opened.database.description}, too. For yours alone: ` +
          'export CARDGENIUS_DATABASE_URL=pglite:.cardgenius/mine, and import again.',
      );
    }
  });
}
