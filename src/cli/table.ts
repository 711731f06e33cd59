import { styleText } from 'node:util';

/** How narrow a column of text may become, in characters, however narrow the terminal. */
const LEAST_WIDTH = 12;

/**
 * Rows as a table for people; columns named in `numbers` are set to the right. On a terminal the header is bold, and the widest
 * columns of text are cut until the table fits `width`; anywhere else nothing is cut.
 */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
  width = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY,
): string {
  const widths = header.map((name, i) => Math.max(name.length, ...rows.map(cells => cells[i]!.length)));
  const isText = (i: number) => !numbers.includes(i) && widths[i]! > LEAST_WIDTH;
  for (;;) {
    const excess = widths.reduce((sum, column) => sum + column + 2, -2) - width;
    const widest = Math.max(...widths.filter((_, i) => isText(i)));
    if (excess <= 0 || widest <= LEAST_WIDTH) break;
    widths[widths.indexOf(widest)] = Math.max(LEAST_WIDTH, widest - excess);
  }
  const shorten = (cell: string, length: number) => (cell.length <= length ? cell : `${cell.slice(0, length - 1)}…`);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) =>
        numbers.includes(i) ? cell.padStart(widths[i]!) : shorten(cell, widths[i]!).padEnd(widths[i]!),
      )
      .join('  ')
      .trimEnd();
  const title = styleText('bold', line(header), { stream: process.stdout });
  return [title, line(widths.map(column => '-'.repeat(column))), ...rows.map(line)].join('\n');
}
