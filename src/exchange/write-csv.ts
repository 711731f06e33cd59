import { stat } from 'node:fs/promises';
import { resolve as absolute, dirname } from 'node:path';
import { format } from 'fast-csv';
import { messageOf, UsageError } from '../model/errors.ts';
import { OutputFile } from './output-file.ts';
import { isStdout } from './streams.ts';

export interface CsvOptions {
  /** For a machine: each cell as it is. Else a cell that a spreadsheet would take for a formula gets an apostrophe. */
  readonly exact?: boolean;
  /** The file's name is derived: a link in its place is not followed. */
  readonly isDerived?: boolean;
}

/** Throws UsageError (CSV_UNWRITABLE) where no file can be written at `path`: to be told before anything is asked or computed. */
export async function checkCsvPath(path: string): Promise<void> {
  if (isStdout(path)) return;
  const folder = dirname(absolute(path));
  if ((await stat(path).catch(() => undefined))?.isDirectory() === true) {
    throw new UsageError('CSV_UNWRITABLE', `${path} is a folder. Name a file.`);
  }
  if ((await stat(folder).catch(() => undefined))?.isDirectory() !== true) {
    throw new UsageError('CSV_UNWRITABLE', `There is no folder ${folder}. Make it, or name another file.`);
  }
}

/**
 * Writes rows under a header as they come; the file takes its name when it is whole. Returns how many. Throws UsageError
 * (CSV_UNWRITABLE) where it cannot be written, and whatever `rows` throws; neither leaves a file.
 */
export async function writeCsv(
  path: string,
  header: readonly string[],
  rows: Iterable<readonly string[]> | AsyncIterable<readonly string[]>,
  options: CsvOptions = {},
): Promise<number> {
  await checkCsvPath(path);
  const file = new CsvFile(path, header, options);
  try {
    for await (const row of rows) await file.add(row);
    await file.finish();
  } catch (error) {
    await file.discard();
    throw error;
  }
  return file.count;
}

/** A CSV that is written row by row. Its creator must end it: `finish`, or `discard`. */
export class CsvFile {
  readonly #path: string;
  readonly #csv: CsvText;
  readonly #cell: (text: string) => string;
  readonly #isDerived: boolean;
  #file: OutputFile | undefined;
  #count = 0;

  constructor(path: string, header: readonly string[], { exact = false, isDerived = false }: CsvOptions = {}) {
    this.#path = path;
    this.#isDerived = isDerived;
    this.#cell = exact ? text => text : plain;
    this.#csv = new CsvText(header);
  }

  get count(): number {
    return this.#count;
  }

  async add(row: readonly string[]): Promise<void> {
    this.#count++;
    this.#csv.add(row.map(this.#cell));
    if (this.#csv.length >= FLUSH_LENGTH) await this.#write(this.#csv.take());
  }

  /** Gives the file its name. */
  async finish(): Promise<void> {
    await this.#write(await this.#csv.end());
    await this.#file!.finish().catch(error => this.#refuse(error));
  }

  async discard(): Promise<void> {
    await this.#file?.discard();
  }

  async #write(text: string): Promise<void> {
    try {
      this.#file ??= await OutputFile.open(this.#path, { isDerived: this.#isDerived });
      await this.#file.write(text);
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error: unknown): never {
    throw new UsageError('CSV_UNWRITABLE', `Cannot write ${this.#path}: ${messageOf(error)}.`, { cause: error });
  }
}

/** How much text is collected before it is written, in characters. */
const FLUSH_LENGTH = 65_536;

/** Rows as the text of a CSV. */
class CsvText {
  readonly #csv: ReturnType<typeof format<string[], string[]>>;
  #parts: string[] = [];
  length = 0;

  constructor(header: readonly string[]) {
    this.#csv = format({ headers: [...header], alwaysWriteHeaders: true, includeEndRowDelimiter: true });
    this.#csv.on('data', (part: Buffer) => {
      this.#parts.push(part.toString());
      this.length += part.length;
    });
  }

  add(row: readonly string[]): void {
    this.#csv.write([...row]);
  }

  take(): string {
    const text = this.#parts.join('');
    this.#parts = [];
    this.length = 0;
    return text;
  }

  async end(): Promise<string> {
    const ended = new Promise<void>(resolve => this.#csv.once('end', resolve));
    this.#csv.end();
    await ended;
    return this.take();
  }
}

/** A negative amount is no formula, and stays a number. */
function plain(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !/^-\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
}
