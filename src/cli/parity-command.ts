import type { Command } from 'commander';
import { loadCatalog } from '../engine/catalog.ts';
import type { Engine } from '../engine/engine.ts';
import { openEngine } from '../engine/open-engine.ts';
import { csvForm } from '../exchange/csv-rows.ts';
import { checkCsvPath, writeCsv } from '../exchange/write-csv.ts';
import { writeWhole } from '../exchange/write-whole.ts';
import { EXIT, UsageError } from '../model/errors.ts';
import { parseHundredths } from '../model/money.ts';
import { ApiClient, checkUrl, maskedUrl } from '../tools/api/client.ts';
import { Evidence } from '../tools/api/evidence.ts';
import { apiRequest } from '../tools/api/request.ts';
import { type ApiAnswer, type BrokenAnswer, readAnswers } from '../tools/api/saved-answers.ts';
import { ApiCases } from '../tools/parity/api-cases.ts';
import { CardMatch } from '../tools/parity/card-match.ts';
import type { LeftOut, ParityCase } from '../tools/parity/case.ts';
import { readGoldenCsv } from '../tools/parity/golden-csv.ts';
import { type OurCatalog, sixOf } from '../tools/parity/ours.ts';
import { DIFFERENCE_COLUMNS, differenceRow, parityHtml, summaryOf, tablesOf } from '../tools/parity/pages.ts';
import { Comparison } from '../tools/parity/parity.ts';
import type { ParityReport } from '../tools/parity/report.ts';
import { casesFromSpending, casesFromStored, usersOfCsv, usersOfDatabase } from '../tools/parity/sources.ts';
import { ALLOW_INSECURE_HELP } from './allow-insecure.ts';
import { apiHeaders } from './api-options.ts';
import { type Cli, type CommonOptions, command, wholeNumber } from './cli.ts';
import { DELIMITER_HELP } from './import-command.ts';
import { textTable } from './table.ts';

interface ParityCommandOptions extends CommonOptions {
  readonly golden?: string;
  readonly answers?: string;
  readonly url?: string;
  readonly spends?: string;
  readonly delimiter?: string;
  readonly sample: number;
  readonly rate: number;
  readonly keep: string;
  readonly allowInsecure?: boolean;
  readonly headerFile?: string;
  readonly tolerance: string;
  readonly threshold: string;
  readonly csv?: string;
  readonly html?: string;
}

export function defineParity(program: Command): void {
  const definition = program
    .command('parity')
    .description(
      'Compares our cards with a golden CSV, with saved answers of the CardGenius API, or with the live API: nets and points of ' +
        'all cards that both know, the tens, and what explains the differences. Name one source.',
    )
    .option('--golden <file>', 'a CSV in the fifteen columns of an export, compared with what is stored')
    .option('--answers <folder>', 'JSON files { "request": …, "response": … }, one user each')
    .option('--url <url>', 'the live API, asked politely; its answers are kept')
    .option('--spends <file>', 'users from a CSV of spends, computed now, in place of the database’s')
    .option('--delimiter <char>', `with --golden and --spends: ${DELIMITER_HELP}`)
    .option('--sample <n>', 'with --url: how many users at most', wholeNumber(1), 100)
    .option('--rate <n>', 'with --url: calls a second at most', wholeNumber(1), 2)
    .option('--keep <folder>', 'with --url: where answers are kept', '.cardgenius/answers')
    .option('--header-file <file>', 'with --url: headers for the API, one "Name: value" a line')
    .option('--allow-insecure', `with --url: ${ALLOW_INSECURE_HELP}`)
    .option('--tolerance <rupees>', 'a difference that does not count', '0.01')
    .option('--threshold <percent>', 'users with every net and the ten matching, below which the exit code is 1', '95')
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
    if (options.url !== undefined) checkUrl(options.url, options.allowInsecure);
    const shown = options.url === undefined ? source : maskedUrl(options.url);
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
    cli.keepStdoutFor(options.csv);
    cli.keepStdoutFor(options.html);
    if (options.csv !== undefined) await checkCsvPath(options.csv);
    await using engine = await openEngine(cli.settings);
    const catalog = await ourCatalog(cli);
    const match = new CardMatch(catalog?.cards ?? [], catalog === undefined ? engine.cards.map(card => card.name) : []);
    const { cases, evidence } = await casesOf(cli, options, engine, catalog, match);
    const hasAllCards = options.golden === undefined && catalog !== undefined;
    const comparison = new Comparison({ tolerance, threshold, catalog, evidence, match, hasAllCards });
    for await (const each of cases) {
      if ('leftOut' in each) comparison.leaveOut(each);
      else comparison.add(each);
    }
    const report = comparison.report();
    if (report.users === 0) {
      const [first] = report.leftOut;
      throw new UsageError(
        'PARITY_NOBODY',
        first === undefined
          ? `None of the users of ${shown} is here to compare. Name other users.`
          : `No user of ${shown} can be compared: ${first.why} (${first.example}).`,
      );
    }
    await writeFiles(report, shown, options);
    const { differences, ...summary } = report;
    cli.print({ source: shown, ...summary, differences: differences.length }, () => describeParity(report, shown));
    cli.end(report.passed ? EXIT.done : EXIT.failed);
  });
}

/** What the built-in engine computes with; an engine of one's own has its declared names alone. */
export async function ourCatalog({ settings }: Cli): Promise<OurCatalog | undefined> {
  if (settings.enginePath !== undefined) return undefined;
  const { cards, rules } = await loadCatalog(settings.catalogPath);
  return { cards, rules, eligibleCards: settings.eligibleCards ?? 'open', maxMonthlySpend: settings.maxMonthlySpend };
}

interface Cases {
  readonly cases: AsyncIterable<ParityCase | LeftOut>;
  readonly evidence?: Evidence;
}

async function casesOf(
  cli: Cli,
  options: ParityCommandOptions,
  engine: Engine,
  catalog: OurCatalog | undefined,
  match: CardMatch,
): Promise<Cases> {
  if (options.golden !== undefined) return { cases: goldenCases(cli, options, engine, match) };
  const apiCases = new ApiCases(engine, match, catalog);
  const evidence = new Evidence();
  const answers = options.answers === undefined ? askApi(cli, options) : await savedAnswers(options.answers);
  const cases = async function* () {
    for await (const answer of answers) {
      if ('problem' in answer) {
        yield { userId: answer.userId, leftOut: answer.problem };
        continue;
      }
      const each = await apiCases.caseOf(answer);
      if (!('leftOut' in each)) evidence.add(answer);
      yield each;
    }
  };
  return { cases: cases(), evidence };
}

async function savedAnswers(folder: string): Promise<AsyncIterable<ApiAnswer | BrokenAnswer>> {
  return readAnswers(folder);
}

async function* goldenCases(
  cli: Cli,
  { golden: path, spends, delimiter }: ParityCommandOptions,
  engine: Engine,
  match: CardMatch,
): AsyncGenerator<ParityCase | LeftOut> {
  const golden = await readGoldenCsv(path!, csvForm(delimiter));
  if (spends !== undefined) {
    const users = await usersOfCsv(spends, cli.settings.maxMonthlySpend, Number.POSITIVE_INFINITY, csvForm(delimiter));
    yield* casesFromSpending(golden, users, engine, match);
    return;
  }
  await using opened = await cli.open();
  yield* casesFromStored(golden, opened.database, match);
}

async function* askApi(
  cli: Cli,
  { url, spends, sample, rate, keep, headerFile, delimiter }: ParityCommandOptions,
): AsyncGenerator<ApiAnswer | BrokenAnswer> {
  const headers = await apiHeaders(headerFile);
  const readUsers = async () => {
    if (spends !== undefined) return usersOfCsv(spends, cli.settings.maxMonthlySpend, sample, csvForm(delimiter));
    await using opened = await cli.open();
    return await usersOfDatabase(opened.database, sample);
  };
  const users = await readUsers();
  const client = new ApiClient({
    url: url!,
    headers,
    callsPerSecond: rate,
    folder: keep,
    say: sentence => cli.note(sentence),
  });
  for (const { userId, amounts } of users) yield await client.ask(userId, apiRequest(sixOf(amounts)));
  cli.note(`${client.asked} calls; ${client.kept} answers were kept from before, in ${keep}.`);
}

async function writeFiles(report: ParityReport, source: string, { csv, html }: ParityCommandOptions): Promise<void> {
  if (csv !== undefined) {
    await writeCsv(csv, DIFFERENCE_COLUMNS, report.differences.map(differenceRow));
  }
  if (html !== undefined) {
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
