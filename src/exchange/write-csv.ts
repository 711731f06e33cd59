import type { EventEmitter } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { resolve as absolute, dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import { type CsvFormatterStream, format } from 'fast-csv';
import { messageOf, UsageError } from '../model/errors.ts';

export interface CsvOptions {
  /** For a machine: each cell as it is. Else a cell that a spreadsheet would take for a formula gets an apostrophe. */
  readonly exact?: boolean;
}

/** Throws UsageError (CSV_UNWRITABLE) where no file can be written at `path`: to be told before anything is asked or computed. */
export async function checkCsvPath(path: string): Promise<void> {
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

/** A CSV that is written row by row beside its name. Whoever makes one ends it: `finish`, or `discard`. */
export class CsvFile {
  readonly #path: string;
  readonly #draft: string;
  readonly #csv: CsvFormatterStream<string[], string[]>;
  readonly #cell: (text: string) => string;
  readonly #file: WriteStream;
  readonly #written: Promise<void>;
  #count = 0;

  constructor(path: string, header: readonly string[], { exact = false }: CsvOptions = {}) {
    this.#path = path;
    this.#draft = `${path}.${process.pid}.tmp`;
    this.#cell = exact ? text => text : plain;
    this.#csv = format({ headers: [...header], alwaysWriteHeaders: true, includeEndRowDelimiter: true });
    this.#file = createWriteStream(this.#draft);
    this.#csv.pipe(this.#file);
    this.#written = finished(this.#file).catch(error => this.#refuse(error));
    this.#written.catch(() => {}); // thrown where it is awaited
  }

  get count(): number {
    return this.#count;
  }

  async add(row: readonly string[]): Promise<void> {
    this.#count++;
    if (this.#csv.write(row.map(this.#cell))) return;
    if (!this.#file.destroyed) await firstOf([this.#csv, 'drain'], [this.#file, 'close']);
    if (this.#file.destroyed) await this.#written;
  }

  /** Gives the file its name. */
  async finish(): Promise<void> {
    this.#csv.end();
    await this.#written;
    await rename(this.#draft, this.#path).catch(error => this.#refuse(error));
  }

  async discard(): Promise<void> {
    this.#csv.destroy();
    this.#file.destroy();
    await this.#written.catch(() => {});
    await rm(this.#draft, { force: true });
  }

  #refuse(error: unknown): never {
    throw new UsageError('CSV_UNWRITABLE', `Cannot write ${this.#path}: ${messageOf(error)}.`, { cause: error });
  }
}

/** A negative amount is no formula, and stays a number. */
function plain(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !/^-\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
}

/** Neither emitter keeps a listener: an export waits a hundred thousand times. */
async function firstOf(...events: readonly (readonly [emitter: EventEmitter, name: string])[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const [emitter, name] of events) emitter.once(name, resolve);
  await promise;
  for (const [emitter, name] of events) emitter.off(name, resolve);
}
