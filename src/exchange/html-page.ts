/** A page that needs nothing else: no script, no font, no network. */

const STYLE = `body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 0 0 2rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #ddd; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; max-width: 60rem; height: auto; margin: 0 0 2rem; font: 13px system-ui, sans-serif; fill: #222; }
.passed { font-weight: 600; color: #17692f; }
.failed { font-weight: 600; color: #a3261b; }`;

/** `body` is HTML; the title is text. */
export const htmlPage = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
${STYLE}
</style>
<h1>${escapeHtml(title)}</h1>
${body}
</html>
`;

/** Columns named in `numbers` are set to the right. */
export function htmlTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
): string {
  const cells = (row: readonly string[]) =>
    row.map((cell, i) => `<td${numbers.includes(i) ? ' class="number"' : ''}>${escapeHtml(cell)}</td>`).join('');
  const head = header.map(name => `<th scope="col">${escapeHtml(name)}</th>`).join('');
  return `<table><thead><tr>${head}</tr></thead><tbody>\n${rows.map(row => `<tr>${cells(row)}</tr>`).join('\n')}\n</tbody></table>`;
}

/** What is said in a line each: [what, figure]. */
export const htmlFigures = (rows: readonly (readonly [string, string])[]): string =>
  `<table>${rows
    .map(([what, figure]) => `<tr><th scope="row">${escapeHtml(what)}</th><td>${escapeHtml(figure)}</td></tr>`)
    .join('')}</table>`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, letter => ENTITIES[letter]!);
