/** A report as one HTML page with two pictures. */
import { escapeHtml, htmlFigures, htmlPage, htmlTable } from '../../exchange/html-page.ts';
import { percentOf } from '../../model/format.ts';
import { formatRupees } from '../../model/money.ts';
import { CARD_HEADER, cardRows, quantilesOf, type Report, summaryOf } from './report.ts';

/** How many cards the picture shows; the table has all. */
const MOST_BARS = 15;
const WIDTH = 900;
const LABEL = 330;
const BAR = 24;

export function reportHtml(report: Report): string {
  return htmlPage(
    'Who gets which card',
    [
      `<p>${escapeHtml(report.database)}, ${report.at.toISOString().slice(0, 16)}Z</p>`,
      htmlFigures(summaryOf(report)),
      '<h2>First cards</h2>',
      bars(report),
      "<h2>The first card's net a year</h2>",
      quantiles(report),
      '<h2>All cards</h2>',
      htmlTable(CARD_HEADER, cardRows(report), [1, 2, 3, 4]),
    ].join('\n'),
  );
}

/** A bar a card: dark, for how many users it is first; light, among how many users' ten it is. */
function bars({ users, cards }: Report): string {
  const shown = cards.slice(0, MOST_BARS);
  const room = WIDTH - LABEL - 150;
  const length = (part: number) => ((room * part) / Math.max(1, users.users)).toFixed(1);
  const rows = shown.map(({ cardName, firsts, tens }, i) => {
    const y = i * BAR;
    const name = cardName.length > 44 ? `${cardName.slice(0, 43)}…` : cardName;
    return [
      `<text x="${LABEL - 8}" y="${y + 16}" text-anchor="end">${escapeHtml(name)}</text>`,
      `<rect x="${LABEL}" y="${y + 3}" width="${length(tens)}" height="${BAR - 6}" fill="#c9d8ee"/>`,
      `<rect x="${LABEL}" y="${y + 3}" width="${length(firsts)}" height="${BAR - 6}" fill="#2b5fad"/>`,
      `<text x="${LABEL + Number(length(tens)) + 6}" y="${y + 16}">${percentOf(firsts, users.users)} · ${percentOf(tens, users.users)}</text>`,
    ].join('');
  });
  const label = `First for so many users (dark), among the ten of so many (light): the ${shown.length} most frequent first cards`;
  return picture(label, shown.length * BAR, rows);
}

/** A line from 5 % to 95 %, a box from 25 % to 75 %, and the median. */
function quantiles({ users }: Report): string {
  const values = quantilesOf(users).filter((each): each is readonly [string, number] => each[1] !== null);
  const [low, high] = [users.netP5, users.netP95];
  if (low === null || high === null) return '<p>No user has cards yet.</p>';
  const x = (net: number) => (60 + ((WIDTH - 120) * (net - low)) / Math.max(1, high - low)).toFixed(1);
  const [from, to] = [x(users.netP25!), x(users.netP75!)];
  const inside = values.filter(([name]) => name !== 'least' && name !== 'most');
  return picture(values.map(([name, net]) => `${name} ${formatRupees(net)}`).join(', '), 120, [
    `<line x1="${x(low)}" y1="40" x2="${x(high)}" y2="40" stroke="#2b5fad" stroke-width="2"/>`,
    `<rect x="${from}" y="25" width="${(Number(to) - Number(from)).toFixed(1)}" height="30" fill="#c9d8ee" stroke="#2b5fad"/>`,
    `<line x1="${x(users.netP50!)}" y1="25" x2="${x(users.netP50!)}" y2="55" stroke="#2b5fad" stroke-width="3"/>`,
    ...inside.map(([name, net], i) => {
      // Two heights, so that figures that lie near one another can be read.
      const y = i % 2 === 0 ? 78 : 104;
      return `<text x="${x(net)}" y="${y}" text-anchor="middle">${name}: ${formatRupees(net)}</text>`;
    }),
  ]);
}

const picture = (label: string, height: number, parts: readonly string[]): string =>
  `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(label)}"><title>${escapeHtml(label)}</title>\n${parts.join('\n')}\n</svg>`;
