/**
 * PostgreSQL's binary COPY format, as far as our tables need it: rows of fixed-width integers and doubles, and rows
 * with texts. Documented at https://www.postgresql.org/docs/18/sql-copy.html#SQL-COPY-FILE-FORMATS (Binary Format).
 */

const SIGNATURE = Uint8Array.of(0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0x00);
const HEADER_BYTES = SIGNATURE.length + 8; // flags and the length of an extension, both 0
const TRAILER_BYTES = 2;
const TWO_TO_32 = 4_294_967_296;

/** Writes rows into one buffer, field by field, most significant byte first. */
export class CopyWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #at = HEADER_BYTES;
  #rowBytes = 0;

  /** `expectedBytes`: of all rows; the buffer grows when they need more. */
  constructor(expectedBytes: number) {
    this.#bytes = new Uint8Array(HEADER_BYTES + expectedBytes + TRAILER_BYTES);
    this.#view = new DataView(this.#bytes.buffer);
    this.#bytes.set(SIGNATURE);
  }

  /** Starts a row. `rowBytes`: how many bytes its fields of fixed width have at most. Texts make room for themselves. */
  row(fields: number, rowBytes: number): void {
    this.#rowBytes = rowBytes;
    this.#reserve(2 + rowBytes);
    this.#view.setInt16(this.#at, fields);
    this.#at += 2;
  }

  int16(value: number): void {
    this.#view.setInt32(this.#at, 2);
    this.#view.setInt16(this.#at + 4, value);
    this.#at += 6;
  }

  int32(value: number): void {
    this.#view.setInt32(this.#at, 4);
    this.#view.setInt32(this.#at + 4, value);
    this.#at += 8;
  }

  /** A whole number in a double: exact up to 2^53. */
  int64(value: number): void {
    this.#view.setInt32(this.#at, 8);
    this.#view.setInt32(this.#at + 4, Math.floor(value / TWO_TO_32));
    this.#view.setUint32(this.#at + 8, value >>> 0);
    this.#at += 12;
  }

  null(): void {
    this.#view.setInt32(this.#at, -1);
    this.#at += 4;
  }

  text(value: string): void {
    const bytes = Buffer.from(value, 'utf8');
    this.#reserve(4 + bytes.length + this.#rowBytes); // and for what follows it in the row
    this.#view.setInt32(this.#at, bytes.length);
    this.#bytes.set(bytes, this.#at + 4);
    this.#at += 4 + bytes.length;
  }

  /** The whole stream. The writer must not be used afterwards. */
  finish(): Uint8Array {
    this.#reserve(TRAILER_BYTES);
    this.#view.setInt16(this.#at, -1);
    return this.#bytes.subarray(0, this.#at + TRAILER_BYTES);
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes + TRAILER_BYTES <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + bytes + TRAILER_BYTES));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** The rows of a binary COPY whose fields have one fixed width each: calls back with the offset of each field's data. */
export function readFixedRows(
  bytes: Uint8Array,
  widths: readonly number[],
  row: (view: DataView, at: number) => void,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rowBytes = widths.reduce((sum, width) => sum + 4 + width, 0);
  let at = HEADER_BYTES;
  while (view.getInt16(at) !== -1) {
    row(view, at + 2);
    at += 2 + rowBytes;
  }
}
