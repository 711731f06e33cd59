import { lstat, rm } from 'node:fs/promises';
import { printable } from '../model/printable.ts';
import type { RejectedLine } from './spending-csv.ts';
import { CsvFile } from './write-csv.ts';

/** So many are kept to be put in the order of their lines: doubles are found when the file has been read. More are written as they come. */
const MOST_KEPT = 50_000;
/** Nor are they kept beyond so many characters: a row may have 64 KB. */
const MOST_KEPT_CHARACTERS = 16_777_216;
/** How much of a row is shown. */
const MOST_CHARACTERS = 1_000;

/**
 * FILE.rejects.csv, made fit for a terminal: line, user_id, reason and (where it is not a double of another line) the row as it was, for each that did not go in.
 * Where nothing was rejected there is no file, and one of an earlier import goes. A link in its place is not followed: its name is derived, not given.
 */
export class RejectsFile {
  readonly #path: string;
  #file: CsvFile | undefined;
  #kept: RejectedLine[] = [];
  #keptCharacters = 0;
  #count = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The first line that was rejected, of those that were kept. */
  first: RejectedLine | undefined;

  get count(): number {
    return this.#count;
  }

  async add(rejected: RejectedLine): Promise<void> {
    this.#count++;
    this.#kept.push(rejected);
    this.#keptCharacters += (rejected.row ?? [rejected.userId]).reduce((sum, field) => sum + field.length, 0);
    if (this.#kept.length >= MOST_KEPT || this.#keptCharacters >= MOST_KEPT_CHARACTERS) await this.#write();
  }

  /** Gives the file its name. Returns it, or null where nothing was rejected. */
  async finish(): Promise<string | null> {
    if (this.#count === 0) {
      // Only a file: a device or a folder may be in its place.
      if ((await lstat(this.#path).catch(() => undefined))?.isFile() === true) await rm(this.#path, { force: true });
      return null;
    }
    await this.#write();
    await this.#file!.finish();
    return this.#path;
  }

  async discard(): Promise<void> {
    await this.#file?.discard();
  }

  async #write(): Promise<void> {
    this.#file ??= new CsvFile(this.#path, ['line', 'user_id', 'reason', 'row'], { isDerived: true });
    this.#kept.sort((a, b) => a.lineNo - b.lineNo);
    this.first ??= this.#kept[0];
    for (const { lineNo, userId, reason, row = [] } of this.#kept) {
      await this.#file.add([String(lineNo), printable(userId), printable(reason), printable(rowText(row))]);
    }
    this.#kept = [];
    this.#keptCharacters = 0;
  }
}

/** The fields as a line of CSV, cut where it is long. */
function rowText(row: readonly string[]): string {
  const text = row.map(field => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',');
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
