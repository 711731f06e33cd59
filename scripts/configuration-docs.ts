/** Writes the table of docs/configuration.md anew, from the schema itself. `npm run docs:configuration`. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KEYS } from '../src/config/keys.ts';

export const DOCS_PATH = join(import.meta.dirname, '../docs/configuration.md');
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
export function withTable(text: string): string {
  const [before, rest] = text.split(BEGIN);
  const [, after] = rest!.split(END);
  return `${before}${BEGIN}\n${table()}\n${END}${after}`;
}

if (import.meta.main) {
  await writeFile(DOCS_PATH, withTable(await readFile(DOCS_PATH, 'utf8')));
  console.log(`Written: ${DOCS_PATH}`);
}
