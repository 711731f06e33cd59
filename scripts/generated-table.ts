/** A document with a table that a script writes, between two marks. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a document of docs/ is. */
export const docsPath = (name: string): string => join(import.meta.dirname, '../docs', name);

const END = '<!-- end -->';

/** `text` with `table` between the line `begin` and the end mark that follows it. */
export function between(text: string, begin: string, table: string): string {
  const [before, rest] = text.split(begin);
  const [, ...after] = rest!.split(END);
  return `${before}${begin}\n${table}\n${END}${after.join(END)}`;
}

/** Writes a document anew where this script is the one that was started. */
export async function writeDocument(path: string, withTable: (text: string) => string): Promise<void> {
  await writeFile(path, withTable(await readFile(path, 'utf8')));
  console.log(`Written: ${path}`);
}
