import type { BatchEvent } from '../batch/events.ts';
import { group } from '../model/format.ts';
import { printable } from '../model/printable.ts';
import { decidedOf } from '../model/run.ts';

/** How a run shows on a terminal: one line that is written over, or a plain line now and then where there is no terminal. */
export interface ProgressOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const BAR_WIDTH = 24;
const PLAIN_INTERVAL_MS = 5_000;
const PLAIN_SAME_INTERVAL_MS = 60_000;
/** A shorter bar says nothing. */
const LEAST_BAR_WIDTH = 8;
const TTY_INTERVAL_MS = 200;

/** Follows a run's events and shows users done, users a second and when it will be over. */
export class Progress {
  readonly #output: ProgressOutput;
  readonly #now: () => number;
  #total = 0;
  #computed = 0;
  #published = 0;
  #startedAt = 0;
  #shownAt = Number.NEGATIVE_INFINITY;
  #shownDone = -1;
  #isShown = false;

  constructor(output: ProgressOutput, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
  }

  readonly listener = (event: BatchEvent): void => {
    if (event.type === 'run-opened') {
      this.#total = event.users;
      this.#startedAt = this.#now();
    } else if (event.type === 'users-computed') {
      this.#computed += event.users;
    } else if (event.type === 'chunk-published') {
      this.#published += decidedOf(event.result);
    } else if (event.type === 'chunk-retried') {
      this.#say(`chunk ${event.chunkNo}: ${event.stage} again in ${event.delayMs} ms: ${event.message}`);
    } else if (event.type === 'step-retried') {
      this.#say(`${event.operation} again in ${event.delayMs} ms: ${event.message}`);
    } else if (event.type === 'run-left-for-trouble') {
      this.#say(`the database stays in trouble, this processor leaves the run: ${event.code}: ${event.message}`);
    } else if (event.type === 'lease-lost' && event.stuckSeconds !== undefined) {
      this.#say(
        `chunk ${event.chunkNo}: nothing has moved for ${event.stuckSeconds} s, so its lease ends and it is computed again; where an engine hangs with a user, its kit names that user`,
      );
    } else if (event.type === 'thread-ended') {
      this.#say(`the engine has ended a worker thread, and its users are computed again: ${event.message}`);
    } else if (event.type === 'chunk-failed') {
      const next = event.outcome === 'retry' ? 'it will be tried again' : 'its users are failed';
      this.#say(`chunk ${event.chunkNo}: ${event.code}: ${event.message}; ${next}`);
    }
    this.#show(event.type === 'chunk-published');
  };

  /** Leaves the last line standing. */
  end(): void {
    if (this.#isShown && this.#output.isTTY === true) this.#output.write('\n');
    this.#isShown = false;
  }

  #show(isMilestone: boolean): void {
    const isTTY = this.#output.isTTY === true;
    const interval = isTTY ? TTY_INTERVAL_MS : PLAIN_INTERVAL_MS;
    const isLast = isMilestone && this.#published >= this.#total;
    if (this.#total === 0 || (this.#now() - this.#shownAt < interval && !isLast)) return;
    // A plain line stays: one that tells no more than the one before it comes seldom.
    const isNews = isTTY || this.#published !== this.#shownDone;
    if (!isNews && this.#now() - this.#shownAt < PLAIN_SAME_INTERVAL_MS) return;
    this.#shownAt = this.#now();
    const width = isTTY ? (this.#output.columns || 120) - 1 : undefined; // a terminal without a size says 0
    const text = progressText(
      { done: this.#published, computed: this.#computed, total: this.#total, elapsedMs: this.#now() - this.#startedAt },
      width,
    );
    this.#output.write(isTTY ? `\r\x1b[2K${text.slice(0, width)}` : `${text}\n`);
    this.#shownDone = this.#published;
    this.#isShown = true;
  }

  #say(said: string): void {
    const text = printable(said);
    this.#output.write(this.#isShown && this.#output.isTTY === true ? `\r\x1b[2K${text}\n` : `${text}\n`);
  }
}

export interface ProgressFigures {
  readonly done: number;
  readonly computed: number;
  readonly total: number;
  readonly elapsedMs: number;
}

/**
 * The line itself; on a terminal of so many columns with a bar, as long as there is room for one. The time left comes from what is published;
 * before that it is unknown.
 */
export function progressText({ done, total, elapsedMs }: ProgressFigures, columns = 0): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const perSecond = elapsedMs > 0 ? Math.round((done / elapsedMs) * 1000) : 0;
  const left = done > 0 && done < total ? `, ${duration(((total - done) / done) * elapsedMs)} left` : '';
  const text = `${Math.floor(share * 100)} % · ${group(done)} of ${group(total)} users · ${group(perSecond)} users/s${left}`;
  const width = Math.min(BAR_WIDTH, columns - text.length - '[] '.length);
  if (width < LEAST_BAR_WIDTH) return text;
  const filled = Math.round(share * width);
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}] ${text}`;
}

function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
