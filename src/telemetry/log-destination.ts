import { closeSync, constants, fstatSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, UsageError } from '../model/errors.ts';
import { printable } from '../model/printable.ts';

/** How much is kept of what a reader has not taken yet, in characters; beyond it lines are lost. */
const MOST_KEPT = 1_048_576;
/** How many lines are written at once. */
const MOST_LINES = 100;

/**
 * Where log lines go: as they come, so that nothing is lost when the process ends, and never at the price of the work. A line that
 * cannot be written (full disk, no reader) is lost, a pipe without a reader holds nothing up, and as soon as a line can be written
 * again the log says how many are missing, and why.
 */
export class LogDestination {
  readonly #fd: number;
  #waiting: string[] = [];
  #length = 0;
  /** What is being written: some of the lines, or the rest of them. */
  #part: Buffer | undefined;
  #partLines = 0;
  #lost = 0;
  #reason = '';

  /** A file to append to, or a descriptor. Throws UsageError (FILE_UNWRITABLE) where a file cannot be opened. */
  constructor(place: string | 1 | 2) {
    this.#fd = typeof place === 'number' ? withoutWaiting(place) : openFile(place);
  }

  write(text: string): void {
    const line = printable(text); // JSON lets the control characters above 127 through
    if (this.#length + line.length > MOST_KEPT) {
      this.#lose(1, 'they have no reader');
      return;
    }
    if (this.#lost > 0) this.#keep(missing(this.#lost, this.#reason));
    const told = this.#lost;
    this.#lost = 0;
    this.#keep(line);
    try {
      this.#flush();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') return; // the reader is slow: what is left goes out with the next line
      // The line that reports earlier losses is not one of the log's own.
      this.#lose(this.#partLines + this.#waiting.length + told - (told > 0 ? 1 : 0), code ?? 'FAILED');
      this.#waiting = [];
      this.#length = 0;
      this.#part = undefined;
    }
  }

  /** Why the last lines could not be written; undefined once one can be again. */
  get trouble(): string | undefined {
    return this.#lost > 0 ? this.#reason : undefined;
  }

  #keep(line: string): void {
    this.#waiting.push(line);
    this.#length += line.length;
  }

  /** Only tests end one. */
  close(): void {
    if (this.#fd > 2) closeSync(this.#fd);
  }

  #flush(): void {
    while (this.#part !== undefined || this.#waiting.length > 0) {
      if (this.#part === undefined) {
        const lines = this.#waiting.splice(0, MOST_LINES);
        const text = lines.join('');
        this.#length -= text.length;
        this.#part = Buffer.from(text);
        this.#partLines = lines.length;
      }
      const written = writeSync(this.#fd, this.#part);
      this.#part = written === this.#part.length ? undefined : this.#part.subarray(written);
    }
  }

  #lose(lines: number, reason: string): void {
    this.#lost += lines;
    this.#reason = reason;
  }
}

/** As pino would write it. It begins with a line feed of its own: half a line may stand before it. */
function missing(lines: number, reason: string): string {
  return `\n${JSON.stringify({ level: 40, time: new Date().toISOString(), lost: lines, reason, msg: 'log lines could not be written' })}\n`;
}

function openFile(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'a');
  } catch (error) {
    throw new UsageError('FILE_UNWRITABLE', `Cannot write the log ${path}: ${messageOf(error)}. Name another file.`, {
      cause: error,
    });
  }
}

/**
 * A pipe opened anew does not wait for its reader: a blocked write would stop the whole process, its signals included. Setting that on
 * the descriptor itself would set it for all processes that share the pipe. A socket (systemd's journal, Node's own pipes) has no name to
 * open; there Node sets it on the descriptor as it makes the stream.
 */
function withoutWaiting(fd: 1 | 2): number {
  try {
    const file = fstatSync(fd);
    if (file.isSocket()) void (fd === 1 ? process.stdout : process.stderr);
    if (!file.isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK);
  } catch {
    return fd;
  }
}
