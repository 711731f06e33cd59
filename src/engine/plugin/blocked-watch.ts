import { url as debuggerUrl } from 'node:inspector';
import { Worker } from 'node:worker_threads';
import { beside } from '../../package.ts';

/** What the watching thread gets: what the kit is at, and how long that may block. */
export interface Watched {
  readonly what: string;
  readonly limitMs: number;
}

/** How often the thread that is watched says that it lives, and how often the other looks. */
export const BEAT_MS = 100;

/**
 * Ends the program where an engine blocks its thread behind an `await`: from within, such a loop cannot be ended, and not even told. A
 * thread of its own watches whether this one moves; where it does not, that thread writes what it was at to the standard error, and
 * ends the process (SIGTERM). With a debugger attached it watches nothing: a breakpoint blocks, too.
 */
export class BlockedWatch implements Disposable {
  readonly #beat = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #worker: Worker | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(first: Watched) {
    const workerData = { beat: this.#beat, first };
    if (debuggerUrl() === undefined) {
      this.#worker = new Worker(new URL(beside(import.meta.url, './blocked-watch-thread.ts')), { workerData });
      this.#worker.unref();
    }
    this.#timer = setInterval(() => this.moved(), BEAT_MS).unref();
  }

  /** What comes next. */
  watch(next: Watched): void {
    this.moved();
    this.#worker?.postMessage(next);
  }

  /** For code that holds the thread and is well: it has got on. */
  moved(): void {
    Atomics.add(this.#beat, 0, 1);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    void this.#worker?.terminate();
  }
}
