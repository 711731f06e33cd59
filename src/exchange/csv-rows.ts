import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { PassThrough, pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CsvError, parse } from 'csv-parse';
import { messageOf, UsageError, unreadable } from '../model/errors.ts';
import { isStdin, nameOf } from './streams.ts';

/** A row as it stands in the file: its line, from 1, is the one that it begins on. */
export interface CsvRow {
  readonly lineNo: number;
  readonly cells: readonly string[];
}

export interface CsvForm {
  /** What separates the fields: , ; | or a tab. `sep=;` as the first line of a file says it, too. */
  readonly delimiter?: string | undefined;
}

/** The longest row, in bytes: a quote that is not closed would else take the rest of the file. */
const LONGEST_ROW = 65_536;
/** How many bytes of the beginning tell what a file is. */
const HEAD_BYTES = 64;

/**
 * Reads any CSV of ours in one pass: a file, `-` for stdin, a FIFO; UTF-8, or UTF-16 with its mark; gzip is unpacked. Blank rows
 * come as one empty cell. Throws UsageError (CSV_UNREADABLE, CSV_FORM, CSV_BROKEN), which names the line where the broken row begins.
 */
export async function* readCsvRows(path: string, { delimiter = ',' }: CsvForm = {}): AsyncGenerator<CsvRow> {
  await refuseUnreadable(path);
  const { text, separator, isMarked, head } = await openText(path, delimiter);
  let line = isMarked ? 2 : 1;
  const rows = parse({
    delimiter: separator,
    bom: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    max_record_size: LONGEST_ROW,
    // The parser's types know rows of one type alone, before and after.
    on_record: ((cells: string[]): CsvRow => {
      const lineNo = line;
      line += 1 + countLineBreaks(cells);
      return { lineNo, cells };
    }) as unknown as (cells: string[]) => string[],
  });
  pipeline(text, rows, () => {}); // whose error is thrown below
  try {
    yield* rows as unknown as AsyncIterable<CsvRow>;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const isForm = error instanceof CsvError;
    const message = isForm
      ? `is not CSV from line ${line} on: ${BROKEN[error.code] ?? 'it cannot be read as fields'}. ${otherSeparator(head, separator)}Correct that line; nothing of the file was taken`
      : `cannot be read: ${messageOf(error)}`;
    throw new UsageError(isForm ? 'CSV_BROKEN' : 'CSV_UNREADABLE', `${nameOf(path)} ${message}.`, {
      cause: causeOf(error),
    });
  }
}

/** Where the file begins without the separator that it is read by, and with another: a sentence with a blank behind it. Else empty. */
function otherSeparator(head: string, separator: string): string {
  const [first = ''] = head.split(/[\r\n]/, 1);
  if (first.includes(separator)) return '';
  const other = [';', '\t', '|'].find(candidate => first.includes(candidate));
  if (other === undefined) return '';
  return `Its fields seem to be separated by another character: --delimiter ${other === '\t' ? 'tab' : `'${other}'`}. `;
}

/** What is wrong with a row, in words of ours: the parser's own would quote what stands there. */
const BROKEN: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote (") opens there and is not closed',
  CSV_MAX_RECORD_SIZE: 'its row is longer than 64 KB, as it is where a quote (") is not closed',
  CSV_INVALID_CLOSING_QUOTE: 'after a closing quote (") comes something else than the end of the field',
  INVALID_OPENING_QUOTE: 'a quote (") stands within a field that is not in quotes',
};

/** The parser's errors carry the row itself, which --verbose would print. */
const causeOf = (error: unknown): unknown => (error instanceof CsvError ? new Error(error.code) : error);

/** The form that an option --delimiter asks for, where it was given. Throws as delimiterOf does. */
export const csvForm = (option: string | undefined): CsvForm =>
  option === undefined ? {} : { delimiter: delimiterOf(option) };

/** The field separator that an option names. Throws UsageError. */
export function delimiterOf(option: string): string {
  const delimiter = /^(tab|\\t)$/i.test(option) ? '\t' : option;
  if (/^[,;|\t]$/.test(delimiter)) return delimiter;
  throw new UsageError('CSV_FORM', '--delimiter must be one of , ; | and tab.');
}

async function refuseUnreadable(path: string): Promise<void> {
  if (isStdin(path)) return;
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (!(found instanceof Error) && !found.isDirectory()) return;
  const what = found instanceof Error ? unreadable(found) : 'is a folder';
  throw new UsageError('CSV_UNREADABLE', `${path} ${what}. Name a CSV file.`);
}

/** The text of a file, from its first row on; `isMarked` where a line `sep=;` stood before it. */
async function openText(path: string, delimiter: string) {
  const bytes = isStdin(path) ? process.stdin : createReadStream(path);
  const packed = await beginning(path, bytes);
  const isGzip = packed.head[0] === 0x1f && packed.head[1] === 0x8b;
  const unpacked = isGzip ? await beginning(path, linked(packed.whole, createGunzip())) : packed;
  refuseForms(path, unpacked.head);
  const encoding = encodingOf(unpacked.head);
  const whole = encoding === 'utf-8' ? unpacked.whole : linked(unpacked.whole, decoder(encoding));
  const head = new TextDecoder(encoding).decode(unpacked.head);
  const marked = /^sep=([,;|\t])(\r\n|\n|\r)/i.exec(head);
  if (marked === null) return { text: whole, separator: delimiter, isMarked: false, head };
  const skipped = encoding === 'utf-8' && unpacked.head[0] === 0xef ? marked[0].length + 3 : marked[0].length;
  return { text: linked(whole, skipping(skipped)), separator: marked[1]!, isMarked: true, head: '' };
}

/** The first bytes of a stream, and the stream with them put back. */
async function beginning(path: string, source: Readable): Promise<{ head: Buffer; whole: Readable }> {
  const iterator = (source as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  let size = 0;
  try {
    while (size < HEAD_BYTES) {
      const { done, value } = await iterator.next();
      if (done) break;
      first.push(Buffer.from(value));
      size += value.length;
    }
  } catch (error) {
    throw new UsageError('CSV_UNREADABLE', `${nameOf(path)} ${unreadable(error)}. Name a CSV file.`, { cause: error });
  }
  async function* all(): AsyncGenerator<Buffer> {
    try {
      yield* first;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      source.destroy();
    }
  }
  return { head: Buffer.concat(first).subarray(0, HEAD_BYTES), whole: Readable.from(all(), { objectMode: false }) };
}

/** Files that are no text, by their first bytes. */
const FORMS: readonly (readonly [magic: string, what: string])[] = [
  ['504b0304', 'is a ZIP, as an .xlsx workbook is. Unpack it, or save its sheet as CSV (UTF-8)'],
  ['d0cf11e0', 'is an .xls workbook. Save its sheet as CSV (UTF-8)'],
  ['25504446', 'is a PDF. Name a CSV file'],
  ['425a68', 'is packed with bzip2. Unpack it, or pack it with gzip'],
  ['fd377a58', 'is packed with xz. Unpack it, or pack it with gzip'],
  ['28b52ffd', 'is packed with zstd. Unpack it, or pack it with gzip'],
  ['1f8b', 'is packed with gzip twice. Unpack it once'],
];

function refuseForms(path: string, head: Buffer): void {
  const start = head.toString('hex');
  const [, what] = FORMS.find(([magic]) => start.startsWith(magic)) ?? [];
  if (what !== undefined) throw new UsageError('CSV_FORM', `${nameOf(path)} ${what}.`);
  if (!head.includes(0) || encodingOf(head) !== 'utf-8') return;
  const what0 =
    head[1] === 0 || head[0] === 0 ? 'is in UTF-16 without its mark (BOM)' : 'holds NUL bytes: it is no text';
  throw new UsageError('CSV_FORM', `${nameOf(path)} ${what0}. Save it as CSV in UTF-8.`);
}

function encodingOf(head: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  return head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : 'utf-8';
}

function linked<To extends NodeJS.ReadWriteStream>(from: Readable, to: To): To & Readable {
  pipeline(from, to, () => {}); // an error of the first destroys the second, and is thrown where that is read
  return to as To & Readable;
}

function decoder(encoding: string): NodeJS.ReadWriteStream {
  const words = new TextDecoder(encoding);
  return new PassThrough({
    transform(bytes: Buffer, _encoding, done) {
      done(null, words.decode(bytes, { stream: true }));
    },
    flush(done) {
      done(null, words.decode());
    },
  });
}

/** Drops the first bytes: a mark of ASCII, one byte a letter. */
function skipping(bytes: number): NodeJS.ReadWriteStream {
  let left = bytes;
  return new PassThrough({
    transform(chunk: Buffer, _encoding, done) {
      const dropped = Math.min(left, chunk.length);
      left -= dropped;
      done(null, chunk.subarray(dropped));
    },
  });
}

function countLineBreaks(row: readonly string[]): number {
  let breaks = 0;
  for (const field of row) {
    if (field.includes('\n') || field.includes('\r')) breaks += field.split(/\r\n|\n|\r/).length - 1;
  }
  return breaks;
}
