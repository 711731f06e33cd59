/** Writes the table of docs/configuration.md anew, from the schema itself. `npm run docs:configuration`. */
import { KEYS } from '../src/config/keys.ts';
import { between, docsPath, writeDocument } from './generated-table.ts';

export const DOCS_PATH = docsPath('configuration.md');
const BEGIN = '<!-- table: npm run docs:configuration -->';

/** Keys of one default and description share a row; a star marks a secret. */
function table(): string {
  const byText = Map.groupBy(KEYS, ({ description, defaultValue, kind }) => {
    const standard = defaultValue === undefined ? '' : `\`${JSON.stringify(defaultValue)}\``;
    return `${standard} | ${description}${kind === 'json' ? ' JSON in the environment.' : ''}`;
  });
  const rows = [...byText].map(([text, keys]) => {
    const names = keys.map(({ path, secret }) => `\`${path.join('.')}\`${secret ? ' \\*' : ''}`);
    return `| ${names.join(', ')} | ${text} |`;
  });
  return ['| key | default | what it is |', '|---|---|---|', ...rows].join('\n');
}

/** The document with its table as it should be. */
export const withTable = (text: string): string => between(text, BEGIN, table());

if (import.meta.main) await writeDocument(DOCS_PATH, withTable);
