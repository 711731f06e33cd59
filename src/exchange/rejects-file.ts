import { lstat, rm } from 'node:fs/promises';
import { printable } from '../model/printable.ts';
import type { RejectedLine } from './spending-csv.ts';
import { CsvFile } from './write-csv.ts';

/**
 * FILE.rejects.csv, made fit for a terminal: line, user_id and reason of each row that did not go in. Where nothing was rejected there is no file, and
 * one of an earlier import goes. A link in its place is not followed: its name is derived, not given.
 */
export class RejectsFile {
  readonly #path: string;
  #file: CsvFile | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** The first that was added. */
  first: RejectedLine | undefined;

  get count(): number {
    return this.#file?.count ?? 0;
  }

  async add({ lineNo, userId, reason }: RejectedLine): Promise<void> {
    this.first ??= { lineNo, userId, reason };
    this.#file ??= new CsvFile(this.#path, ['line', 'user_id', 'reason'], { isDerived: true });
    await this.#file.add([String(lineNo), printable(userId), printable(reason)]);
  }

  /** Gives the file its name. Returns it, or null where nothing was rejected. */
  async finish(): Promise<string | null> {
    if (this.#file === undefined) {
      // Only a file: a device or a folder may be in its place.
      if ((await lstat(this.#path).catch(() => undefined))?.isFile() === true) await rm(this.#path, { force: true });
      return null;
    }
    await this.#file.finish();
    return this.#path;
  }

  async discard(): Promise<void> {
    await this.#file?.discard();
  }
}
