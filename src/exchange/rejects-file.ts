import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { type CsvFormatterStream, type FormatterRow, format } from 'fast-csv';
import { messageOf, UsageError } from '../model/errors.ts';
import type { RejectedLine } from './spending-csv.ts';

/**
 * FILE.rejects.csv: line, user_id and reason of each row that did not go in. It is written beside its name and takes it when it
 * is whole; where nothing was rejected there is no file, and one of an earlier import goes.
 */
export class RejectsFile {
  readonly #path: string;
  readonly #draft: string;
  #csv: CsvFormatterStream<FormatterRow, FormatterRow> | undefined;
  #written: Promise<void> | undefined;
  #count = 0;

  private constructor(path: string) {
    this.#path = path;
    this.#draft = `${path}.${process.pid}.tmp`;
  }

  static async open(path: string): Promise<RejectsFile> {
    return new RejectsFile(path);
  }

  get count(): number {
    return this.#count;
  }

  async add({ lineNo, userId, reason }: RejectedLine): Promise<void> {
    this.#count++;
    if (this.#csv === undefined) {
      const file = createWriteStream(this.#draft);
      this.#csv = format({ headers: ['line', 'user_id', 'reason'], includeEndRowDelimiter: true });
      this.#csv.pipe(file);
      this.#written = finished(file).catch(error => {
        throw new UsageError('CSV_UNWRITABLE', `Cannot write ${this.#path}: ${messageOf(error)}.`, { cause: error });
      });
      this.#written.catch(() => {}); // thrown where it is awaited
    }
    if (!this.#csv.write([lineNo, plain(userId), reason])) {
      await Promise.race([new Promise<void>(resolve => this.#csv!.once('drain', resolve)), this.#written]);
    }
  }

  /** Gives the file its name. Returns it, or null where nothing was rejected. */
  async finish(): Promise<string | null> {
    if (this.#csv === undefined) {
      await rm(this.#path, { force: true });
      return null;
    }
    this.#csv.end();
    await this.#written;
    await rename(this.#draft, this.#path);
    return this.#path;
  }

  async discard(): Promise<void> {
    this.#csv?.destroy();
    await rm(this.#draft, { force: true });
  }
}

/** A spreadsheet must not take an id for a formula. */
function plain(userId: string): string {
  return /^[=+\-@\t\r]/.test(userId) ? `'${userId}` : userId;
}
