import type { Command } from 'commander';
import { type CommonOptions, command, group } from './cli.ts';

export function defineExport(program: Command): void {
  const definition = program
    .command('export')
    .description(
      'Writes card_recommendations to FILE: the PRD’s fifteen columns, by user_id and rank. For programs: each cell is as it is stored.',
    )
    .argument('<file>', 'the CSV to write')
    .addHelpText('after', '\nExample: cardgenius export recommendations.csv');
  command<CommonOptions>(definition, async (cli, [file]) => {
    const [{ exportRecommendations }, { checkCsvPath }] = await Promise.all([
      import('../exchange/export-recommendations.ts'),
      import('../exchange/write-csv.ts'),
    ]);
    cli.keepStdoutFor(file);
    await checkCsvPath(file!);
    await using opened = await cli.open();
    const rows = await exportRecommendations(opened.database, file!);
    cli.print({ rows, file }, () => `${group(rows)} rows in ${file}.`);
  });
}
