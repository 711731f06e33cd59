/** Writes the table of docs/sql-server.md that says what becomes of an error anew. `npm run docs:recovery`. */
import { type Fate, RECOVERY } from '../src/batch/recovery.ts';
import { between, docsPath, writeDocument } from './generated-table.ts';

export const DOCS_PATH = docsPath('sql-server.md');
const BEGIN = '<!-- table: npm run docs:recovery -->';

const WORDS: Readonly<Record<Fate, string>> = {
  lost: 'the chunk is left alone',
  release: 'the chunk is given back',
  leave: 'after two minutes the run is `stopped`; `serve` resumes it by itself, elsewhere `cardgenius run` does',
  stop: 'the run is `stopped`, and this processor ends with the reason',
  pause: 'the run is paused, with the reason',
  fail: "the chunk's users become `failed`",
  'retry, then fail': 'the chunk is tried three times; then its users become `failed`',
};

function table(): string {
  const rows = RECOVERY.map(({ error, fate }) => `| ${error} | ${WORDS[fate]} |`);
  return ['| what happens | what the processor does |', '|---|---|', ...rows].join('\n');
}

/** The document with its table as it should be. */
export const withTable = (text: string): string => between(text, BEGIN, table());

if (import.meta.main) await writeDocument(DOCS_PATH, withTable);
