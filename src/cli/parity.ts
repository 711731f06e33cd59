import type { Command } from 'commander';
import type { Card } from '../engine/catalog-schema.ts';
import type { Engine } from '../engine/engine.ts';
import { EXIT, UsageError } from '../model/errors.ts';
import { parseHundredths } from '../model/money.ts';
import type { CardNames } from '../tools/parity/card-names.ts';
import type { ParityCase } from '../tools/parity/case.ts';
import { summaryOf, tablesOf } from '../tools/parity/pages.ts';
import type { ParityReport } from '../tools/parity/parity.ts';
import { type Cli, type CommonOptions, command, wholeNumber } from './cli.ts';
import { textTable } from './table.ts';

interface ParityCommandOptions extends CommonOptions {
  readonly golden?: string;
  readonly answers?: string;
  readonly url?: string;
  readonly spends?: string;
  readonly sample: number;
  readonly rate: number;
  readonly keep: string;
  readonly header: readonly string[];
  readonly tolerance: string;
  readonly threshold: string;
  readonly csv?: string;
  readonly html?: string;
}

export function defineParity(program: Command): void {
  const definition = program
    .command('parity')
    .description(
      'Compares our ten cards with a golden CSV, with saved answers of the CardGenius API, or with the live API: nets, the ' +
        'ten, ranks, each card and column, and what explains the differences. Name one source.',
    )
    .option('--golden <file>', 'a CSV in the fifteen columns of an export, compared with what is stored')
    .option('--answers <folder>', 'JSON files { "request": …, "response": … }, one user each')
    .option('--url <url>', 'the live API, asked politely; its answers are kept')
    .option('--spends <file>', 'users from a CSV of spends, computed now, in place of the database’s')
    .option('--sample <n>', 'with --url: at most so many users', wholeNumber(1), 100)
    .option('--rate <n>', 'with --url: calls a second at most', wholeNumber(1), 2)
    .option('--keep <folder>', 'with --url: where answers are kept', '.cardgenius/answers')
    .option('--header <text>', 'with --url: a header "Name: value" (may be repeated)', collect, [])
    .option('--tolerance <rupees>', 'a difference that does not count', '0.01')
    .option('--threshold <percent>', 'users with all ten nets matching, below which the exit code is 1', '95')
    .option('--csv <file>', 'write every difference to FILE')
    .option('--html <file>', 'write the report to FILE')
    .addHelpText(
      'after',
      '\nExamples:\n  cardgenius parity --golden last-week.csv\n  cardgenius parity --answers answers/ --html parity.html',
    );
  command<ParityCommandOptions>(definition, async (cli, _args, options) => {
    const source = options.golden ?? options.answers ?? options.url;
    if (source === undefined || [options.golden, options.answers, options.url].filter(Boolean).length > 1) {
      throw new UsageError('PARITY_SOURCE', 'Name one source of truth: --golden FILE, --answers FOLDER or --url URL.');
    }
    const tolerance = parseHundredths(options.tolerance);
    if (tolerance === undefined || tolerance < 0) {
      throw new UsageError(
        'PARITY_TOLERANCE',
        `--tolerance ${options.tolerance} is not an amount: give rupees like 0.01.`,
      );
    }
    const threshold = Number(options.threshold) / 100;
    if (!(threshold >= 0 && threshold <= 1)) {
      throw new UsageError('PARITY_THRESHOLD', `--threshold ${options.threshold} is not a percentage from 0 to 100.`);
    }
    const [{ openEngine }, { CardNames }, { compareParity }, { checkCsvPath }] = await Promise.all([
      import('../engine/open.ts'),
      import('../tools/parity/card-names.ts'),
      import('../tools/parity/parity.ts'),
      import('../exchange/write-csv.ts'),
    ]);
    cli.keepStdoutFor(options.csv);
    cli.keepStdoutFor(options.html);
    if (options.csv !== undefined) await checkCsvPath(options.csv);
    await using engine = await openEngine(cli.settings);
    const cards = await catalogCards(cli);
    const names = new CardNames(
      cards,
      engine.cards.map(card => card.name),
    );
    const cases = await casesOf(cli, options, engine, names);
    if (cases.length === 0) {
      throw new UsageError('PARITY_NOBODY', `None of the users of ${source} is here to compare. Name other users.`);
    }
    const report = compareParity(cases, {
      tolerance,
      threshold,
      cards: cli.settings.enginePath === undefined ? cards : [],
    });
    await writeFiles(report, source, options);
    const { differences, ...summary } = report;
    cli.print({ source, ...summary, differences: differences.length }, () => describeParity(report, source));
    cli.end(report.passed ? EXIT.done : EXIT.failed);
  });
}

const collect = (text: string, before: readonly string[]): string[] => [...before, text];

/** The catalogue's cards know what CardGenius calls them; an engine of one's own has its declared names alone. */
async function catalogCards({ settings }: Cli): Promise<readonly Card[]> {
  if (settings.enginePath !== undefined) return [];
  const { loadCatalog } = await import('../engine/catalog.ts');
  return (await loadCatalog(settings.catalogPath)).cards;
}

async function casesOf(
  cli: Cli,
  options: ParityCommandOptions,
  engine: Engine,
  names: CardNames,
): Promise<ParityCase[]> {
  const sources = await import('../tools/parity/sources.ts');
  const { maxMonthlySpend } = cli.settings;
  if (options.answers !== undefined) {
    const { readAnswers } = await import('../tools/parity/api-answers.ts');
    return sources.casesFromAnswers(await readAnswers(options.answers), engine, names);
  }
  if (options.golden !== undefined) {
    const { readGoldenCsv } = await import('../tools/parity/golden-csv.ts');
    const golden = await readGoldenCsv(options.golden);
    if (options.spends !== undefined) {
      const users = await sources.usersOfCsv(options.spends, maxMonthlySpend, Number.POSITIVE_INFINITY);
      return sources.casesFromSpending(golden, users, engine, names);
    }
    await using opened = await cli.open();
    return await sources.casesFromStored(golden, opened.database, names);
  }
  return sources.casesFromAnswers(await askApi(cli, options), engine, names);
}

async function askApi(cli: Cli, { url, spends, sample, rate, keep, header }: ParityCommandOptions) {
  const [{ ApiClient }, { apiRequest }, { sixOf, usersOfCsv, usersOfDatabase }] = await Promise.all([
    import('../tools/parity/api-client.ts'),
    import('../tools/parity/api-answers.ts'),
    import('../tools/parity/sources.ts'),
  ]);
  if (!URL.canParse(url!) || !/^https?:/.test(url!)) {
    throw new UsageError('PARITY_URL', `--url ${url} is not an address like https://….`);
  }
  const readUsers = async () => {
    if (spends !== undefined) return usersOfCsv(spends, cli.settings.maxMonthlySpend, sample);
    await using opened = await cli.open();
    return await usersOfDatabase(opened.database, sample);
  };
  const users = await readUsers();
  const client = new ApiClient({ url: url!, headers: parseHeaders(header), callsPerSecond: rate, folder: keep });
  const answers = [];
  for (const { userId, amounts } of users) answers.push(await client.ask(userId, apiRequest(sixOf(amounts))));
  cli.note(`${client.asked} calls; ${client.kept} answers were kept from before, in ${keep}.`);
  return answers;
}

function parseHeaders(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map(text => {
      const [, name, value] = /^([\w-]+):\s*(.+)$/.exec(text) ?? [];
      if (name === undefined) throw new UsageError('PARITY_HEADER', '--header is not in the form "Name: value".');
      return [name, value!];
    }),
  );
}

async function writeFiles(report: ParityReport, source: string, { csv, html }: ParityCommandOptions): Promise<void> {
  const { DIFFERENCE_COLUMNS, differenceRow, parityHtml } = await import('../tools/parity/pages.ts');
  if (csv !== undefined) {
    const { writeCsv } = await import('../exchange/write-csv.ts');
    await writeCsv(csv, DIFFERENCE_COLUMNS, report.differences.map(differenceRow));
  }
  if (html !== undefined) {
    const { writeWhole } = await import('../exchange/write-whole.ts');
    await writeWhole(html, parityHtml(report, source));
  }
}

/** For people: the figures, the causes, then the cards and columns that do not agree. */
function describeParity(report: ParityReport, source: string): string {
  const tables = tablesOf(report)
    .map(table => ({
      ...table,
      rows: table.rows.filter(row => table.title !== 'By card' || row[2] !== '100.00 %').slice(0, 25),
    }))
    .filter(table => table.rows.length > 0)
    .map(({ title, header, rows }) => `${title}\n\n${textTable(header, rows)}`);
  return [
    `Parity with ${source}: ${report.passed ? 'passed' : 'FAILED'}.`,
    textTable(['', ''], summaryOf(report)).split('\n').slice(2).join('\n'),
    ...tables,
  ].join('\n\n');
}
