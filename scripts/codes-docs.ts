/** Writes the tables of error codes in docs/troubleshooting.md anew. `npm run docs:codes`. */
import { CODES, type CodeKind, type CodeRow } from '../src/model/codes.ts';
import { between, docsPath, writeDocument } from './generated-table.ts';

export const DOCS_PATH = docsPath('troubleshooting.md');

/** The codes of one kind that need more than their message; those of one explanation share a row. */
function tableOf(kind: CodeKind): string {
  const explained = (CODES as readonly CodeRow[]).filter(row => row[1] === kind && row[4] !== undefined);
  const byText = Map.groupBy(explained, ([, , , happened, remedy]) => `${happened} | ${remedy}`);
  const rows = [...byText].map(([text, alike]) => {
    const codes = alike.flatMap(row => row[0]).map(code => `\`${code}\``);
    return `| ${codes.join(', ')} | ${text} |`;
  });
  return ['| code | what happened | what to do |', '|---|---|---|', ...rows].join('\n');
}

/** The document with its tables as they should be. */
export function withTable(text: string): string {
  const kinds = [...new Set(CODES.map(row => row[1]))];
  return kinds.reduce(
    (written, kind) => between(written, `<!-- codes: ${kind} (npm run docs:codes) -->`, tableOf(kind)),
    text,
  );
}

if (import.meta.main) await writeDocument(DOCS_PATH, withTable);
