import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { userPages } from '../batch/user-pages.ts';
import { loadCatalog } from '../engine/catalog.ts';
import { describeCard } from '../engine/describe-card.ts';
import { isStdout } from '../exchange/streams.ts';
import { checkCsvPath, writeCsv } from '../exchange/write-csv.ts';
import { CardGeniusError, EXIT } from '../model/errors.ts';
import { counted, group } from '../model/format.ts';
import { formatHundredths, formatRupees } from '../model/money.ts';
import { printable } from '../model/printable.ts';
import { type CatalogReport, checkCatalog, newFindings } from '../tools/catalog/check.ts';
import { type CatalogDiff, diffCatalogs } from '../tools/catalog/diff.ts';
import { setDisplayNames } from '../tools/catalog/names.ts';
import { defineCatalogApi } from './catalog-api.ts';
import { type CommonOptions, command, wholeNumber } from './cli.ts';
import { findCard } from './find-card.ts';
import { movesTable, terminalWidth, textTable } from './table.ts';

interface UsersOption extends CommonOptions {
  readonly users: number;
}
interface DiffCommandOptions extends UsersOption {
  readonly database?: boolean;
  readonly csv?: string;
}

export function defineCatalog(program: Command): void {
  const catalog = program
    .command('catalog')
    .description(
      'Looks after the built-in engine’s catalogue of cards. Only export needs a database; from-api and refresh ask the CardGenius API.',
    )
    .helpCommand(false);

  const check = catalog
    .command('check')
    .summary('what is wrong with a catalogue, and what is old')
    .description(
      'Checks schema, ranges and duplicates (exit code 1 where something is wrong); of another file than the configured one it lists what is new. It warns of terms older than a year, cards ' +
        'without a source, figures that no card has, notes that contradict a figure, names that look alike or that SQL Server cannot store, a card that is first for ' +
        'more than half of the users, and cards that are never recommended.',
    )
    .argument('[file]', 'the catalogue (default: the configured one)')
    .option('--users <n>', 'generated users to rank', wholeNumber(1), 10_000)
    .addHelpText('after', '\nExample: cardgenius catalog check catalog/cards.json');
  command<UsersOption>(check, async (cli, [file], { users }) => {
    const { catalogPath, maxMonthlySpend } = cli.settings;
    const path = file ?? catalogPath;
    const options = { users, now: new Date(), maxMonthlySpend };
    const report = await checkCatalog(path, options);
    const errors = report.findings.filter(finding => finding.level === 'error').length;
    // What the catalogue of today says as well would hide what is new in the next one.
    const isNext = resolve(path) !== catalogPath;
    const before = isNext ? await checkCatalog(catalogPath, options).catch(() => undefined) : undefined;
    const isNew = before === undefined ? undefined : newFindings(report, before);
    const counts = { errors, warnings: report.findings.length - errors, new: isNew?.length ?? null };
    const findings = report.findings.map(finding =>
      isNew === undefined ? finding : { ...finding, new: isNew.includes(finding) },
    );
    cli.print({ file: path, ...report, findings, ...counts }, () => {
      const known = report.findings.length - (isNew?.length ?? report.findings.length);
      if (isNew === undefined || known === 0) return describeReport(path, report, errors);
      const rest = `${group(isNew.length)} ${isNew.length === 1 ? 'is' : 'are'} new and listed; the other ${group(known)} stand in ${catalogPath}, too: cardgenius catalog check`;
      return `${describeReport(path, { ...report, findings: isNew }, errors, report.findings.length)}\n${rest}`;
    });
    cli.end(errors > 0 ? EXIT.failed : EXIT.done);
  });

  const diff = catalog
    .command('diff')
    .summary('whose cards change between two catalogues, before one goes live')
    .description(
      'Ranks generated users under both catalogues, or with --database the users of the database by their spends: whose first card and ' +
        'whose ten change, whose net moves and by how much. Nothing is written.',
    )
    .argument('<old>', 'a catalogue')
    .argument('<new>', 'another one')
    .option('--users <n>', 'generated users to rank', wholeNumber(1), 50_000)
    .option('--database', 'rank the users of the database, all of them, in place of generated ones')
    .option('--csv <file>', 'write every user whose first card or net changes to FILE')
    .addHelpText('after', '\nExample: cardgenius catalog diff catalog/cards.json next.json --database');
  command<DiffCommandOptions>(diff, async (cli, [before, after], { users, database, csv }) => {
    cli.keepStdoutFor(csv);
    if (csv !== undefined) await checkCsvPath(csv);
    const startedAt = performance.now();
    await using opened = database === true ? await cli.open({ beside: true }) : undefined;
    const { maxMonthlySpend, eligibleCards } = cli.settings;
    const { changes, ...result } = await diffCatalogs(before!, after!, {
      users: opened === undefined ? users : userPages(opened.database),
      maxMonthlySpend,
      eligibleCards,
      ...(csv === undefined ? { mostChanges: 20 } : {}),
    });
    if (csv !== undefined) {
      const header = ['user_id', 'first_card_before', 'first_card_after', 'net_before', 'net_after', 'net_move'];
      await writeCsv(
        csv,
        header,
        changes.map(({ userId, firstBefore, firstAfter, netBefore, netAfter }) => [
          userId,
          firstBefore,
          firstAfter,
          ...[netBefore, netAfter, netAfter - netBefore].map(formatHundredths),
        ]),
      );
    }
    const seconds = Math.round(performance.now() - startedAt) / 1000;
    cli.print({ ...result, seconds, csv: csv ?? null, examples: changes.slice(0, 20) }, () =>
      describeDiff({ ...result, changes }, seconds, opened?.database.description),
    );
  });

  const names = catalog
    .command('names')
    .summary('set what users are shown for each card, from a list')
    .argument(
      '<csv>',
      'columns card (its id, or a name) and display_name; an empty display name takes the old one away',
    )
    .option('--out <file>', 'the catalogue to write (default: the configured one, in its place)')
    .description(
      'Sets display names in the configured catalogue. Nothing is written where a line of the list is wrong.',
    )
    .addHelpText('after', '\nExample: cardgenius catalog names names.csv --out next.json');
  command<CommonOptions & { readonly out?: string }>(names, async (cli, [csv], { out }) => {
    const { catalogPath } = cli.settings;
    const file = out ?? catalogPath;
    const report = await setDisplayNames(catalogPath, csv!, file);
    cli.print({ file, ...report }, () =>
      [
        ...report.set.map(({ card, before, after }) => `${card}: ${before ?? '-'} → ${after ?? '-'}`),
        `${file}: ${report.set.length} display names set, ${report.unchanged} as before.`,
      ].join('\n'),
    );
  });

  defineCatalogApi(catalog);

  const exported = catalog
    .command('export')
    .summary('the catalogue by which a run computed, byte for byte')
    .requiredOption('--run <n>', 'the run', wholeNumber(1))
    .option('--out <file>', 'where to write it', '-')
    .description('Gives back the catalogue of a run from the database: the way back from a bad one. `-` is stdout.')
    .addHelpText('after', '\nExample: cardgenius catalog export --run 41 --out catalog/cards.json');
  command<CommonOptions & { readonly run: number; readonly out: string }>(exported, async (cli, _, { run, out }) => {
    cli.keepStdoutFor(out);
    await using opened = await cli.open({ beside: true, light: true });
    const kept = await opened.history.readCatalog(run);
    if (kept === undefined) {
      throw new CardGeniusError(
        'NO_CATALOG',
        `${opened.database.description} has no catalogue of run ${run}. Look for another run with cardgenius runs; runs of an ` +
          'engine of your own, and those before version 0.3, keep none.',
      );
    }
    const { version } = parseVersion(kept.bytes);
    if (isStdout(out)) process.stdout.write(process.stdout.isTTY ? printable(kept.bytes.toString()) : kept.bytes);
    else await writeFile(out, kept.bytes);
    cli.print(
      { run, file: out, version, sha256: kept.sha256, bytes: kept.bytes.length },
      () =>
        `${out}: the catalogue ${version} of run ${run}, ${group(kept.bytes.length)} bytes, SHA-256 ${kept.sha256}.`,
    );
  });

  const show = catalog
    .command('show')
    .summary('one card: its terms and where they come from')
    .argument('<card>', 'its id, its name, or a part of one that no other card has')
    .description('Shows a card of the configured catalogue.')
    .addHelpText('after', '\nExample: cardgenius catalog show "CASHBACK SBI Card"');
  command<CommonOptions>(show, async (cli, [wanted]) => {
    const { cards, rules } = await loadCatalog(cli.settings.catalogPath);
    const card = await findCard(cards, wanted!);
    cli.print(card, () => describeCard(card, rules));
  });
}

/** A catalogue that an older or newer version wrote may be of another shape: only its version is asked for. */
function parseVersion(bytes: Uint8Array): { readonly version: string } {
  const json = JSON.parse(new TextDecoder().decode(bytes)) as { version?: unknown };
  return { version: String(json.version) };
}

/** `all`: how many findings there are, where `findings` are some of them. */
function describeReport(
  path: string,
  { cards, open, users, findings }: CatalogReport,
  errors: number,
  all = findings.length,
): string {
  const rows = grouped(findings).map(({ level, kind, card, field, message }) => [level, kind, card, field, message]);
  const table = textTable(['', 'kind', 'card', 'field', 'what'], rows, [], terminalWidth(PAGE_WIDTH));
  const summary =
    `${path}: ${cards} cards, ${open} open; ${counted(errors, 'error')}, ${counted(all - errors, 'warning')}` +
    (users > 0 ? `; ranked for ${group(users)} generated users.` : '.');
  return rows.length === 0 ? summary : `${table}\n\n${summary}`;
}

/** How wide the findings are where no terminal says: a cell has the ids of all cards of which the same is said. */
const PAGE_WIDTH = 80;

/** One line for all cards of which the same is said. */
function grouped(findings: CatalogReport['findings']) {
  const groups = Map.groupBy(findings, finding =>
    [finding.level, finding.kind, finding.field, finding.message].join('\n'),
  );
  return [...groups.values()].map(group => ({
    ...group[0]!,
    card: group.length === 1 ? (group[0]!.card ?? '') : `${group.length} cards`,
    message:
      group.length === 1 ? group[0]!.message : `${group[0]!.message}: ${group.map(finding => finding.card).join(', ')}`,
  }));
}

/** The first ones, and how many more there are. */
const shortList = (items: readonly string[], most: number): string =>
  items.slice(0, most).join(', ') + (items.length > most ? ` and ${items.length - most} more` : '');

function describeDiff(diff: CatalogDiff, seconds: number, database: string | undefined): string {
  const { users, firstCardChanges, netMoves, switches, cards, before, after, sameVersion, rules } = diff;
  const share = (count: number) => `${group(count)} (${((100 * count) / Math.max(1, users)).toFixed(2)} %)`;
  const whose = database === undefined ? 'generated users' : `users of ${database}`;
  const cardRows = cards.map(card => [
    card.name,
    card.what === 'changed' ? shortList(card.differences, 3) : card.what,
    `${group(card.tensBefore)} → ${group(card.tensAfter)}`,
    `${group(card.firstsBefore)} → ${group(card.firstsAfter)}`,
    card.netMoves === undefined
      ? '-'
      : `${formatRupees(card.netMoves.least)} … ${formatRupees(card.netMoves.median)} … ${formatRupees(card.netMoves.most)}`,
  ]);
  return [
    `From ${before} to ${after}, ${group(users)} ${whose} in ${seconds.toFixed(1)} s.`,
    ...(diff.refused === 0 ? [] : [`Left out: ${group(diff.refused)} users whose spends the engine refuses.`]),
    `First card changes for ${share(firstCardChanges)}, the ten or their order for ${share(diff.tenChanges)}.`,
    `First card's net moves for ${share(netMoves.users)}: up for ${group(netMoves.up)}, down for ${group(netMoves.down)}; ` +
      `least ${formatRupees(netMoves.least)}, median ${formatRupees(netMoves.median)}, most ${formatRupees(netMoves.most)}.`,
    ...(sameVersion
      ? [
          'Warning: both files name the same version; give the new one its own, so that runs and people can tell them apart.',
        ]
      : []),
    ...(rules.length === 0 ? [] : [`The rules change: ${rules.join(', ')}.`]),
    ...(cardRows.length === 0
      ? ['No open card was added, removed or changed.']
      : [
          '',
          textTable(['card', 'change', 'among the ten', 'first', 'its net moves by (least … median … most)'], cardRows),
        ]),
    ...(switches.length === 0 ? [] : ['', movesTable(['first card before', 'after'], switches)]),
  ].join('\n');
}
