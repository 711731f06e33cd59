/** Rows as a table for people: a head, a line, columns as wide as their widest cell; the last column is not padded. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map(row => (row[i] ?? '').length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === head.length - 1 ? cell : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  const last = head.length - 1;
  return [
    line(head),
    line(widths.map((width, i) => '-'.repeat(i === last ? head[i]!.length : width))),
    ...rows.map(line),
  ].join('\n');
}
