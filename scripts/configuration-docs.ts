/** Writes the table of docs/configuration.md anew, from the schema itself. `npm run docs:configuration`. */
import { KEYS } from '../src/config/keys.ts';
import { between, docsPath, writeDocument } from './generated-table.ts';

export const DOCS_PATH = docsPath('configuration.md');
const BEGIN = '<!-- table: npm run docs:configuration -->';
const END = '<!-- end of the table -->';

function table(): string {
  const rows = KEYS.map(({ path, variable, secret, description, defaultValue, kind }) => {
    const standard = defaultValue === undefined ? '' : `\`${JSON.stringify(defaultValue)}\``;
    const file = secret ? ', or `_FILE`' : '';
    const json = kind === 'json' ? ' JSON in the environment.' : '';
    return `| \`${path.join('.')}\` | \`${variable}\`${file} | ${standard} | ${description}${json} |`;
  });
  return ['| key | variable | default | what it is |', '|---|---|---|---|', ...rows].join('\n');
}

/** The document with its table as it should be. */
export const withTable = (text: string): string => between(text, BEGIN, END, table());

if (import.meta.main) await writeDocument(DOCS_PATH, withTable);
