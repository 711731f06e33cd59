import { writeToString } from 'fast-csv';
import { writeWhole } from './write-whole.ts';

/** Writes rows under a header; the file takes its name when it is whole. Throws UsageError where it cannot be written. */
export async function writeCsv(
  path: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  const text = await writeToString(
    rows.map(row => [...row]),
    { headers: [...header], alwaysWriteHeaders: true, includeEndRowDelimiter: true },
  );
  await writeWhole(path, text);
}
