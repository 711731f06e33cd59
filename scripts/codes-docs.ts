/** Writes the tables of error codes in docs/troubleshooting.md anew. `npm run docs:codes`. */
import { CODES, type CodeKind } from '../src/model/codes.ts';
import { between, docsPath, writeDocument } from './generated-table.ts';

export const DOCS_PATH = docsPath('troubleshooting.md');
const END = '<!-- end of the table -->';

function tableOf(kind: CodeKind): string {
  const rows = CODES.filter(row => row[1] === kind).map(
    ([codes, , , happened, remedy]) => `| ${codes.map(code => `\`${code}\``).join(', ')} | ${happened} | ${remedy} |`,
  );
  return ['| code | what happened | what to do |', '|---|---|---|', ...rows].join('\n');
}

/** The document with its tables as they should be. */
export function withTable(text: string): string {
  const kinds = [...new Set(CODES.map(row => row[1]))];
  return kinds.reduce(
    (written, kind) => between(written, `<!-- codes: ${kind} (npm run docs:codes) -->`, END, tableOf(kind)),
    text,
  );
}

if (import.meta.main) await writeDocument(DOCS_PATH, withTable);
