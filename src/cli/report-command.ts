import type { Command } from 'commander';
import { writeWhole } from '../exchange/write-whole.ts';
import { reportHtml } from '../tools/report/page.ts';
import { CARD_HEADER, cardRows, readReport, summaryOf } from '../tools/report/report.ts';
import { type CommonOptions, command } from './cli.ts';
import { textTable } from './table.ts';

interface ReportOptions extends CommonOptions {
  readonly html?: string;
}

export function defineReport(program: Command): void {
  const definition = program
    .command('report')
    .description(
      'Shows which card how many users have, first and among their ten, what the first card is worth a year, how users spend, and what ' +
        'the last run changed. It reads both tables once: some seconds for a million users.',
    )
    .option('--html <file>', 'write the report, with pictures, to FILE')
    .addHelpText('after', '\nExamples:\n  cardgenius report\n  cardgenius report --html report.html');
  command<ReportOptions>(definition, async (cli, _args, { html }) => {
    cli.keepStdoutFor(html);
    await using opened = await cli.open({ beside: true });
    const report = await readReport(opened.database, opened.history);
    if (html !== undefined) await writeWhole(html, reportHtml(report));
    cli.print({ ...report, html: html ?? null }, () =>
      [
        report.database,
        '',
        ...summaryOf(report).map(([what, figure]) => `${what}: ${figure}`),
        '',
        textTable(CARD_HEADER, cardRows(report), [1, 2, 3, 4]),
        ...(html === undefined ? [] : ['', `With pictures: ${html}`]),
      ].join('\n'),
    );
  });
}
