/** Headers for the CardGenius API: from a file or the environment, never from the command line, which other users can read. */
import { readFile } from 'node:fs/promises';
import { UsageError, unreadable } from '../model/errors.ts';
import { parseHeaders } from '../tools/api/client.ts';

/** CARDGENIUS_API_HEADERS, and over it those of a file: one `Name: value` a line. Throws UsageError (PARITY_HEADER). */
export async function apiHeaders(file: string | undefined): Promise<Record<string, string>> {
  const given = process.env.CARDGENIUS_API_HEADERS ?? '';
  const fromEnvironment = parseHeaders(given, 'CARDGENIUS_API_HEADERS');
  if (file === undefined) return fromEnvironment;
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError('PARITY_HEADER', `--header-file ${file} ${unreadable(error)}. Name a file.`, {
      cause: error,
    });
  });
  return { ...fromEnvironment, ...parseHeaders(text, file) };
}
