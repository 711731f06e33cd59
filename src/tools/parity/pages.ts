/** A parity report as rows of a CSV, and as one HTML page that needs nothing else. */
import { escapeHtml, htmlFigures, htmlPage, htmlTable } from '../../exchange/html-page.ts';
import { percentOf } from '../../model/format.ts';
import { formatHundredths, formatRupees } from '../../model/money.ts';
import type { CardCount, Difference, ParityReport } from './report.ts';

export const DIFFERENCE_COLUMNS = [
  'user_id',
  'card_name',
  'net_ours',
  'net_theirs',
  'difference',
  'causes',
  'details',
] as const;

export function differenceRow({ userId, card, ours, theirs, reasons }: Difference): string[] {
  return [
    userId,
    card,
    formatHundredths(ours),
    theirs === undefined ? '' : formatHundredths(theirs),
    theirs === undefined ? '' : formatHundredths(ours - theirs),
    theirs === undefined ? 'not in the source' : reasons.map(reason => reason.cause).join('; '),
    reasons.map(reason => reason.detail).join('; '),
  ];
}

/** Two digits: a threshold of 99.95 % must read as one. */
const percent = (part: number, whole: number) => percentOf(part, whole, 2);

/** What is said in a line each: [what, figure]. */
export function summaryOf(report: ParityReport): [string, string][] {
  const { users, usersMatching, leftOut, net, points, overlap, ranks, tolerance, topFive } = report;
  const out = leftOut.reduce((sum, each) => sum + each.users, 0);
  const asked = new Map(report.measures.map(measure => [measure.name, measure]));
  const verdict = (name: string) => {
    const { asked: share, met } = asked.get(name)!;
    return `${share === 1 ? 'all' : percent(share, 1)} asked for${met ? '' : ': NOT MET'}`;
  };
  return [
    [
      'users with everything matching',
      `${usersMatching} of ${users + out} (${percent(usersMatching, users + out)}; ${verdict('users with everything matching')})`,
    ],
    [
      'users left out',
      out === 0 ? 'none' : `${out}: ${leftOut.map(each => `${each.users} × ${each.why} (${each.example})`).join('; ')}`,
    ],
    [
      `nets within ${formatRupees(tolerance)}`,
      `${net.matching} of ${net.pairs} (${percent(net.matching, net.pairs)}), within ₹1 ${percent(net.withinRupee, net.pairs)}, ${net.missing} not in the source`,
    ],
    ['difference of nets', `median ${formatRupees(net.median)}, worst ${formatRupees(net.worst)}`],
    [
      'points',
      `${points.matching} of ${points.pairs} (${percent(points.matching, points.pairs)}; ${verdict('points')})`,
    ],
    [
      'overlap of the ten',
      `${overlap.mean.toFixed(2)} cards on average (${percent(overlap.mean, 10)}; ${verdict('top ten')}), ${overlap.meanOfAll.toFixed(2)} with the cards that are not offered here; all ten for ${overlap.usersWithAllTen} users (${percent(overlap.usersWithAllTen, users)})`,
    ],
    [
      'overlap of the first five',
      `${topFive.mean.toFixed(2)} cards on average (${percent(topFive.mean, 5)}; ${verdict('top five')})`,
    ],
    [
      'same first card',
      `${ranks.firstAgreeing} of ${users} (${percent(ranks.firstAgreeing, users)}; ${verdict('first card')})`,
    ],
    ['same card in the same place', `${ranks.agreeing} of ${ranks.places} (${percent(ranks.agreeing, ranks.places)})`],
    [
      'cards of the source',
      `${report.unknownCards.length} that the catalogue lacks${asked.get('cards of the source that are known here')!.met ? '' : ': NOT MET'}, ${report.notOffered.length} that are known and not offered, ${report.unusable.length} that could not be compared`,
    ],
  ];
}

/** Tables of a report: title, header, rows. */
export function tablesOf(report: ParityReport): { title: string; header: string[]; rows: string[][] }[] {
  return [
    {
      title: 'What explains the differences',
      header: ['cause', 'nets', 'cards', 'for example'],
      rows: report.causes.map(({ cause, pairs, cards, example }) => [cause, String(pairs), String(cards), example]),
    },
    {
      title: 'By card',
      header: ['card', 'nets', 'matching', 'not in source', 'median', 'worst', 'causes'],
      rows: report.cards.map(({ card, pairs, matching, missing, median, worst, causes }) => [
        card,
        String(pairs),
        percent(matching, pairs),
        String(missing),
        formatRupees(median),
        formatRupees(worst),
        Object.entries(causes)
          .map(([cause, count]) => `${cause} ${count}`)
          .join(', '),
      ]),
    },
    {
      title: 'By column',
      header: ['column', 'pairs', 'matching', 'worst'],
      rows: report.columns.map(({ column, pairs, matching, worst }) => [
        column,
        String(pairs),
        percent(matching, pairs),
        column === 'redemption_rate' ? String(worst / 10_000) : formatHundredths(worst),
      ]),
    },
    countTable('Cards of the source that the catalogue lacks', report.unknownCards),
    countTable(
      'Cards that are known and not offered, in a ten of the source',
      report.notOffered.filter(({ tens }) => tens > 0),
    ),
    countTable('Cards that could not be compared', report.unusable),
  ];
}

function countTable(title: string, cards: readonly CardCount[]) {
  const header = ['card', 'users', 'in their ten', 'why'];
  return {
    title,
    header,
    rows: cards.map(({ name, users, tens, why = '' }) => [name, String(users), String(tens), why]),
  };
}

const MAX_DIFFERENCES = 500;

export function parityHtml(report: ParityReport, source: string): string {
  const tables = [
    ...tablesOf(report),
    {
      title: `Differences${report.differences.length > MAX_DIFFERENCES ? ` (the first ${MAX_DIFFERENCES} of ${report.differences.length})` : ''}`,
      header: [...DIFFERENCE_COLUMNS],
      rows: report.differences.slice(0, MAX_DIFFERENCES).map(differenceRow),
    },
  ].filter(table => table.rows.length > 0);
  return htmlPage(
    `Parity with ${source}`,
    [
      report.passed ? '<p class="passed">Passed</p>' : '<p class="failed">Failed</p>',
      htmlFigures(summaryOf(report)),
      ...tables.map(({ title, header, rows }) => `<h2>${escapeHtml(title)}</h2>\n${htmlTable(header, rows)}`),
    ].join('\n'),
  );
}
