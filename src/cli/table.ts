import { styleText } from 'node:util';
import { group } from '../model/format.ts';

/** How narrow a column of text may become, in characters, however narrow the terminal. */
const LEAST_WIDTH = 12;

/** The columns of a terminal; a page for people that goes elsewhere has as many as it asks for. */
export const terminalWidth = (elsewhere = Number.POSITIVE_INFINITY): number =>
  process.stdout.isTTY ? process.stdout.columns : elsewhere;

/**
 * Rows as a table for people; columns named in `numbers` are set to the right. On a terminal the header is bold, and the widest
 * columns of text are made narrower until the table fits `width`: the last column is wrapped, others are cut. Anywhere else nothing is.
 */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
  width = terminalWidth(),
): string {
  const widths = header.map((name, i) => Math.max(name.length, ...rows.map(cells => cells[i]!.length)));
  const isText = (i: number) => !numbers.includes(i) && widths[i]! > LEAST_WIDTH;
  for (;;) {
    const excess = widths.reduce((sum, column) => sum + column + 2, -2) - width;
    const widest = Math.max(...widths.filter((_, i) => isText(i)));
    if (excess <= 0 || widest <= LEAST_WIDTH) break;
    widths[widths.indexOf(widest)] = Math.max(LEAST_WIDTH, widest - excess);
  }
  const last = header.length - 1;
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) =>
        numbers.includes(i) ? cell.padStart(widths[i]!) : shorten(cell, widths[i]!).padEnd(widths[i]!),
      )
      .join('  ')
      .trimEnd();
  const lines = (cells: readonly string[]) =>
    wrap(cells[last]!, widths[last]!).map((part, i) =>
      line(i === 0 ? cells.with(last, part) : cells.map((_, j) => (j === last ? part : ''))),
    );
  const title = styleText('bold', line(header), { stream: process.stdout });
  return [title, line(widths.map(column => '-'.repeat(column))), ...rows.flatMap(lines)].join('\n');
}

/** How many changes of the first card a table has. */
const MOST_MOVES = 15;

/** For how many users the first card changes from which to which, the commonest first, and how many others there are. */
export function movesTable(
  [before, after]: readonly [string, string],
  moves: readonly { readonly from: string; readonly to: string; readonly users: number }[],
): string {
  const rows = moves.slice(0, MOST_MOVES).map(({ from, to, users }) => [group(users), from, to]);
  const rest = moves.slice(MOST_MOVES);
  const others = rest.reduce((sum, { users }) => sum + users, 0);
  const table = textTable(['users', before, after], rows, [0]);
  return rest.length === 0 ? table : `${table}\nand ${group(others)} users of ${group(rest.length)} other changes`;
}

const shorten = (cell: string, width: number) => (cell.length <= width ? cell : `${cell.slice(0, width - 1)}…`);

/** A text as lines of at most `width`, broken between words, and within those that are longer. */
function wrap(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const lines = [''];
  for (const word of text.split(' ').flatMap(word => word.match(new RegExp(`.{1,${width}}`, 'gsu')) ?? [''])) {
    const longer = lines.at(-1) === '' ? word : `${lines.at(-1)} ${word}`;
    if (longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
