import { messageOf } from '../model/errors.ts';
import { type Channel, newId, textOf } from './channels.ts';
import { AskedToWait, RefusedForGood } from './http-post.ts';
import type { Notice } from './notice.ts';

export interface Trouble {
  readonly channel: string;
  readonly rule: string;
  readonly isLost: boolean;
  /** What went wrong. */
  readonly message: string;
  /** What a notice that is lost would have said. */
  readonly text?: string;
}

export interface NotifierOptions {
  readonly channels: readonly Channel[];
  /** A notice that waits, or is given up. */
  readonly onTrouble: (trouble: Trouble) => void;
  /** The first pause after a failure; doubled up to a minute. */
  readonly retryMs?: number;
}

const MOST_WAITING = 200;
const MAX_PAUSE_MS = 60_000;
/** A notice is given up after this many permanent refusals, or this long after the first. */
const MOST_REFUSALS = 5;
const REFUSED_MS = 3_600_000;
/** How long notices that wait are still tried when the process ends. */
const FLUSH_MS = 5_000;

/**
 * Tells every channel, in order, each by its own queue: one that is down holds up no other, and the caller never waits.
 * A queue is bounded; where it overflows the oldest notice is given up, and the log says so. So is one that its receiver refuses
 * for good: those behind it must not wait for what never comes.
 */
export class Notifier implements AsyncDisposable {
  readonly #queues: readonly Queue[];

  constructor({ channels, onTrouble, retryMs = 1_000 }: NotifierOptions) {
    this.#queues = channels.map(channel => new Queue(channel, onTrouble, retryMs));
  }

  /** Returns at once, and never throws. `arrived` is called when every channel has taken the notice, or it was given up, and logged. */
  readonly notify = (notice: Notice, arrived: () => void = () => {}): void => {
    let left = this.#queues.length;
    if (left === 0) arrived();
    const settled = () => {
      if (--left === 0) arrived();
    };
    for (const queue of this.#queues) queue.add(notice, settled);
  };

  /** Resolves when all that was notified has arrived. */
  async drained(): Promise<void> {
    await Promise.all(this.#queues.map(queue => queue.drained()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, FLUSH_MS);
    await Promise.race([this.drained(), promise]);
    clearTimeout(timer);
    for (const queue of this.#queues) queue.end();
  }
}

class Queue {
  readonly #channel: Channel;
  readonly #onTrouble: NotifierOptions['onTrouble'];
  readonly #retryMs: number;
  readonly #waiting: { notice: Notice; id: string; settled: () => void }[] = [];
  #sending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;
  #isOver = false;

  constructor(channel: Channel, onTrouble: NotifierOptions['onTrouble'], retryMs: number) {
    this.#channel = channel;
    this.#onTrouble = onTrouble;
    this.#retryMs = retryMs;
  }

  add(notice: Notice, settled: () => void): void {
    this.#waiting.push({ notice, id: newId(), settled });
    if (this.#waiting.length > MOST_WAITING) {
      const [lost] = this.#waiting.splice(1, 1); // the first may be on its way
      this.#tell(lost!.notice, true, `more than ${MOST_WAITING} notices wait`);
      lost!.settled();
    }
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  async drained(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
  }

  end(): void {
    this.#isOver = true;
    for (const { notice } of this.#waiting.splice(0))
      this.#tell(notice, true, 'the process ends; a processor that leads later tells it, where the database has it');
    clearTimeout(this.#timer);
    this.#wake?.();
  }

  async #send(): Promise<void> {
    let failures = 0;
    let refusals: number[] = []; // of the first that waits: when
    while (this.#waiting.length > 0 && !this.#isOver) {
      const { notice, id, settled } = this.#waiting[0]!;
      try {
        await this.#channel.send(notice, id);
        this.#waiting.shift();
        settled();
        failures = 0;
        refusals = [];
      } catch (error) {
        if (this.#isOver) return;
        failures++;
        if (error instanceof RefusedForGood) refusals.push(performance.now());
        if (refusals.length >= MOST_REFUSALS || performance.now() - (refusals[0] ?? Infinity) > REFUSED_MS) {
          this.#waiting.shift();
          this.#tell(notice, true, `refused for good: ${messageOf(error)}`);
          settled();
          failures = 0;
          refusals = [];
          continue;
        }
        this.#tell(notice, false, messageOf(error));
        const pause = Math.min(MAX_PAUSE_MS, this.#retryMs * 2 ** (failures - 1));
        await this.#pause(error instanceof AskedToWait ? Math.max(pause, error.waitMs) : pause);
      }
    }
  }

  #tell(notice: Notice, isLost: boolean, message: string): void {
    const text = isLost ? { text: textOf(notice) } : {};
    this.#onTrouble({ channel: this.#channel.name, rule: notice.rule, isLost, message, ...text });
  }

  #pause(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#timer = setTimeout(resolve, milliseconds);
    return promise;
  }
}
