/** Writes the table of docs/configuration.md anew, from the schema itself. `npm run docs:configuration`. */
import { KEYS } from '../src/config/keys.ts';
import { between, docsPath, writeDocument } from './generated-table.ts';

export const DOCS_PATH = docsPath('configuration.md');
const BEGIN = '<!-- table: npm run docs:configuration -->';
const END = '<!-- end of the table -->';
/** Characters: a description up to this long is said again. */
const SHORT = 40;

/** A description that came before is not repeated; a star marks a secret. */
function table(): string {
  const seen = new Map<string, string>();
  const rows = KEYS.map(({ path, secret, description, defaultValue, kind }) => {
    const key = path.join('.');
    const before = seen.get(description);
    if (description.length > SHORT) seen.set(description, before ?? key);
    const standard = defaultValue === undefined ? '' : `\`${JSON.stringify(defaultValue)}\``;
    const said = before === undefined ? description : `As \`${before}\`.`;
    return `| \`${key}\`${secret ? ' \\*' : ''} | ${standard} | ${said}${kind === 'json' ? ' JSON in the environment.' : ''} |`;
  });
  return ['| key | default | what it is |', '|---|---|---|', ...rows].join('\n');
}

/** The document with its table as it should be. */
export const withTable = (text: string): string => between(text, BEGIN, END, table());

if (import.meta.main) await writeDocument(DOCS_PATH, withTable);
