/** Asks an engine about the kit's users in parts, says how far it is, and ends where the engine hangs. */
import { group } from '../../model/format.ts';
import { CARDS_PER_USER, type RecommendationSlice, valuesOf } from '../../model/recommendation.ts';
import type { Engine } from '../engine.ts';
import { type Amounts, sliceOf } from './kit-users.ts';

/** As many as a worker thread gets of an engine of one's own at once. */
const SLICE_USERS = 100;

const LINE_EVERY_MS = 5_000;

/** A user without cards: `index` counts in the kit's users. */
export interface KitFailure {
  readonly index: number;
  readonly code: string;
  readonly message: string;
}

/** What an engine said to one question about some of the users. */
export interface Asked {
  readonly asked: number;
  readonly served: number;
  /** How many users took those seconds: of whole parts, where there are any. */
  readonly timed: number;
  readonly seconds: number;
  readonly failures: readonly KitFailure[];
  /** Who got no answer in time: no later user was asked. */
  readonly late: KitFailure | undefined;
  /** Whether users were left out, as one was late or each of the first failed. */
  readonly isCutShort: boolean;
  /** Each user's rows or failure, to compare. */
  readonly texts: ReadonlyMap<number, string>;
  /** All amounts that were answered. */
  readonly values: readonly number[];
}

/** A user of the kit as its sentences name one. */
export function theUser(users: readonly Amounts[], index: number): string {
  return `user ${index + 1} with amounts [${users[index]!.join(', ')}]`;
}

export class KitAsker {
  readonly #users: readonly Amounts[];
  readonly #edges: number;
  readonly #progress: (line: string) => void;
  readonly #onPart: (users: string) => void;
  readonly #onMove: () => void;
  #saidAt = performance.now();

  /**
   * The first `edges` users are asked about one by one to begin with, so that an engine which serves none is told soon. `onPart` hears
   * which users it is asked about next, `onMove` of each call.
   */
  constructor(
    users: readonly Amounts[],
    edges: number,
    {
      progress,
      onPart,
      onMove,
    }: { progress: (line: string) => void; onPart: (users: string) => void; onMove: () => void },
  ) {
    this.#users = users;
    this.#edges = edges;
    this.#progress = progress;
    this.#onPart = onPart;
    this.#onMove = onMove;
  }

  /** Every user once. */
  askAll(engine: Engine): Promise<Asked> {
    const all = this.#users.map((_, i) => i);
    const alone = all.slice(0, this.#edges).map(index => [index]);
    return this.#askParts(engine, 'answers', [...alone, ...partsOf(all.slice(this.#edges))]);
  }

  /** The users of `indexes`, in that order. */
  async ask(engine: Engine, what: string, indexes: readonly number[]): Promise<Asked> {
    this.#say(`${what}: ${indexes.length === 1 ? 'one user' : `${group(indexes.length)} users`}`);
    return this.#askParts(engine, what, partsOf(indexes));
  }

  async #askParts(engine: Engine, what: string, parts: readonly (readonly number[])[]): Promise<Asked> {
    const failures: KitFailure[] = [];
    const texts = new Map<number, string>();
    const values: number[] = [];
    const times: { readonly users: number; readonly ms: number }[] = [];
    const startedAt = performance.now();
    const cut = (): boolean =>
      failures.some(isLate) ||
      (texts.size === this.#edges &&
        failures.length === this.#edges &&
        failures.every(({ code }) => code !== 'INVALID_SPENDING'));
    for (const part of parts) {
      const partAt = performance.now();
      this.#onPart(`${what}, ${this.#usersOf(part)}`);
      const answer = await engine.recommend(sliceOf(part.map(i => this.#users[i]!)), () => {
        this.#onMove();
        this.#sayNowAndThen(what, texts.size, startedAt);
      });
      times.push({ users: part.length, ms: performance.now() - partAt });
      for (const [i, text] of textsOf(answer)) texts.set(part[i]!, text);
      for (const column of valuesOf(answer)) values.push(...column);
      for (const { userNo, code, message } of answer.failures)
        failures.push({ index: part[userNo - 1]!, code, message });
      if (cut()) break;
    }
    const whole = times.filter(({ users }) => users > 1);
    const counted = whole.length > 0 ? whole : times;
    return {
      asked: texts.size,
      served: texts.size - failures.length,
      timed: counted.reduce((sum, { users }) => sum + users, 0),
      seconds: counted.reduce((sum, { ms }) => sum + ms, 0) / 1000,
      failures,
      late: failures.find(isLate),
      isCutShort: cut(),
      texts,
      values,
    };
  }

  #usersOf(part: readonly number[]): string {
    const [first = 0] = part;
    if (part.length === 1) return theUser(this.#users, first);
    const ends = [first, part.at(-1) ?? first].map(index => index + 1).sort((a, b) => a - b);
    return `one of the users ${ends.join(' to ')}`;
  }

  #sayNowAndThen(what: string, done: number, startedAt: number): void {
    const now = performance.now();
    if (now - this.#saidAt < LINE_EVERY_MS) return;
    const [seconds, all] = [(now - startedAt) / 1000, group(this.#users.length)];
    const each = done === 0 ? '' : `, ${(seconds / done).toFixed(2)} s each`;
    const left = done === 0 ? 0 : (seconds / done) * (this.#users.length - done);
    const rest = left < 60 ? '' : `, about ${group(Math.ceil(left / 60))} min left of this check`;
    this.#say(`${what}: ${group(done)} of ${all} users after ${Math.round(seconds)} s${each}${rest}`);
  }

  #say(line: string): void {
    this.#saidAt = performance.now();
    this.#progress(line);
  }
}

const isLate = ({ code }: KitFailure): boolean => code === 'ENGINE_TIMEOUT';

function partsOf(indexes: readonly number[]): (readonly number[])[] {
  const starts = Array.from({ length: Math.ceil(indexes.length / SLICE_USERS) }, (_, i) => i * SLICE_USERS);
  return starts.map(start => indexes.slice(start, start + SLICE_USERS));
}

/** What became of each user of a slice: its rows, or why there are none. */
function* textsOf(slice: RecommendationSlice): Generator<readonly [number, string]> {
  const values = valuesOf(slice);
  for (const { userNo, code, message } of slice.failures) yield [userNo - 1, `${code}: ${message}`];
  for (const [served, userNo] of slice.userNo.entries()) {
    const rows = Array.from({ length: CARDS_PER_USER }, (_, place) => {
      const r = served * CARDS_PER_USER + place;
      return [slice.cardNo[r], ...values.map(column => column[r])];
    });
    yield [userNo - 1, JSON.stringify(rows)];
  }
}
