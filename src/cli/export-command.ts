import type { Command } from 'commander';
import { Option } from 'commander';
import { exportRecommendations, FULL_COLUMNS, OUTPUT_COLUMNS } from '../exchange/export-recommendations.ts';
import { checkCsvPath } from '../exchange/write-csv.ts';
import { group } from '../model/format.ts';
import { type CommonOptions, command } from './cli.ts';

interface ExportOptions extends CommonOptions {
  readonly columns: 'summary' | 'full';
}

export function defineExport(program: Command): void {
  const definition = program
    .command('export')
    .description(
      'Writes card_recommendations to FILE: the PRD’s fifteen columns, by user_id and rank. For programs: each cell is as it is stored.',
    )
    .argument('<file>', 'the CSV to write')
    .addOption(
      new Option('--columns <which>', 'summary: the fifteen; full: card_id, batch_id and the times, too')
        .choices(['summary', 'full'])
        .default('summary'),
    )
    .addHelpText('after', '\nExample: cardgenius export recommendations.csv');
  command<ExportOptions>(definition, async (cli, [file], { columns }) => {
    cli.keepStdoutFor(file);
    await checkCsvPath(file!);
    await using opened = await cli.open({ beside: true });
    const rows = await exportRecommendations(
      opened.database,
      file!,
      columns === 'full' ? FULL_COLUMNS : OUTPUT_COLUMNS,
    );
    cli.print({ rows, file }, () => `${group(rows)} rows in ${file}.`);
  });
}
