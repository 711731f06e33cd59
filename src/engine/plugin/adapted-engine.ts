/**
 * An engine of one's own as the batch wants it: asked with a time limit, at most three times, and believed only when its
 * answer passes every check. Whatever it does wrong fails the users concerned, never the batch.
 */
import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { errorOf, messageOf, UsageError } from '../../model/errors.ts';
import {
  CARDS_PER_USER,
  type RecommendationSlice,
  type RunCard,
  type UserFailure,
} from '../../model/recommendation.ts';
import type { SpendingSlice } from '../../model/spending.ts';
import type { Engine, EngineFile } from '../engine.ts';
import { createMs } from '../source.ts';
import { invalidSpending } from '../spending-rules.ts';
import { type AnswerRules, checkRows, checkSliceRows, meant } from './answer-check.ts';
import type {
  EngineDefinition,
  EngineRow,
  EngineUser,
  Recommender,
  SliceRecommender,
  UserRecommender,
} from './define-engine.ts';
import { assemble, invalidAnswer, misshapen, type Outcome, pick, userOf } from './slices.ts';
import { type Called, callEach, TimeLimitError, withinTime } from './time-limit.ts';

const MAX_ATTEMPTS = 3;
const DEFAULT_CONCURRENCY = 8;
const DEFAULT_RETRY_DELAY_MS = 200;

export interface AdapterOptions {
  /** What the engine is made of, asked once create() has returned. */
  readonly files: () => readonly EngineFile[];
  /** The path that messages name. */
  readonly path: string;
  /** Milliseconds for one call of the engine. */
  readonly timeoutMs: number;
  /** The largest monthly amount that is believed, in paise. */
  readonly maxMonthlySpend: number;
}

/** A user who is not done yet, and what the first call gave where there was one. */
interface PendingUser {
  readonly user: number;
  readonly first?: Called<readonly EngineRow[]>;
}

/** Creates the engine's recommender and wraps it. Throws UsageError (ENGINE_INVALID) where that fails. */
export async function adaptEngine(definition: EngineDefinition, options: AdapterOptions): Promise<Engine> {
  const { name, version } = definition;
  const { maxMonthlySpend } = options;
  const cards = definition.cards.map((card, cardNo): RunCard => ({ ...card, cardNo }));
  const adapter = new Adapter(definition, cards, await createRecommender(definition, options), options);
  const files = options.files();
  return {
    name,
    version,
    fingerprint: createHash('sha256')
      .update(JSON.stringify({ name, version, sha256: sha256Of(files), cards, maxMonthlySpend }))
      .digest('hex'),
    cards,
    files,
    recommend: (slice, onMove) => adapter.recommend(slice, onMove),
  };
}

/** The SHA-256 of one file is the file's own, so that an engine of one file keeps the fingerprint that it has always had. */
function sha256Of(files: readonly EngineFile[]): string {
  const [first, second] = files;
  return first !== undefined && second === undefined
    ? first.sha256
    : createHash('sha256').update(JSON.stringify(files)).digest('hex');
}

async function createRecommender(definition: EngineDefinition, { path, timeoutMs }: AdapterOptions) {
  let made: Recommender;
  try {
    made = await withinTime(createMs(timeoutMs), () => definition.create());
  } catch (error) {
    throw new UsageError(
      'ENGINE_INVALID',
      `The engine ${path} cannot be created: ${messageOf(error)}. Correct its create(): the next run or fire calls it again.`,
      { cause: error },
    );
  }
  const answers = made as Partial<UserRecommender & SliceRecommender> | undefined;
  if (typeof answers?.recommend !== 'function' && typeof answers?.recommendSlice !== 'function') {
    throw new UsageError(
      'ENGINE_INVALID',
      `The engine ${path} is wrong at create: it must return { recommend } or { recommendSlice }${meant(Object(made), 'recommend', ['recommend'])}. See docs/engines.md.`,
    );
  }
  return made;
}

class Adapter {
  readonly #definition: EngineDefinition;
  readonly #recommender: Recommender;
  readonly #rules: AnswerRules;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #options: AdapterOptions;
  /** Known once the engine has answered with a promise. */
  #isAsync = false;
  /** A thread has one slice at a time. */
  #onMove: () => void = () => {};

  constructor(
    definition: EngineDefinition,
    cards: readonly RunCard[],
    recommender: Recommender,
    options: AdapterOptions,
  ) {
    this.#definition = definition;
    this.#recommender = recommender;
    this.#rules = { cards, ranking: definition.ranking ?? 'net' };
    this.#numbers = new Map(cards.map(({ name, cardNo }) => [name, cardNo]));
    this.#options = options;
  }

  async recommend(slice: SpendingSlice, onMove: () => void = () => {}): Promise<RecommendationSlice> {
    this.#onMove = onMove;
    const outcomes: Outcome[] = new Array(slice.count);
    const believed: number[] = [];
    for (let user = 0; user < slice.count; user++) {
      const message = invalidSpending(slice, user, this.#options.maxMonthlySpend);
      if (message === undefined) believed.push(user);
      else outcomes[user] = { code: 'INVALID_SPENDING', message };
    }
    const recommender = this.#recommender;
    if ('recommendSlice' in recommender && typeof recommender.recommendSlice === 'function')
      await this.#askSlice(recommender, slice, believed, outcomes);
    else await this.#askUsers(recommender as UserRecommender, slice, believed, outcomes);
    return assemble(slice, outcomes);
  }

  async #askUsers(recommender: UserRecommender, slice: SpendingSlice, users: readonly number[], outcomes: Outcome[]) {
    const rest = this.#askAtOnce(recommender, slice, users, outcomes);
    const queue = rest.values();
    const lane = async () => {
      for (const { user, first } of queue)
        outcomes[user] = await this.#askUser(recommender, userOf(slice, user), first);
    };
    await Promise.all(Array.from({ length: this.#definition.concurrency ?? DEFAULT_CONCURRENCY }, lane));
  }

  /** What an engine answers without a promise is taken in one go. Returns the users who need more: a second attempt, a wait. */
  #askAtOnce(
    recommender: UserRecommender,
    slice: SpendingSlice,
    users: readonly number[],
    outcomes: Outcome[],
  ): PendingUser[] {
    if (this.#isAsync) return users.map(user => ({ user }));
    const { signal } = new AbortController(); // nothing to abort: the call is over, or the thread is blocked
    const ask = (i: number) => {
      this.#onMove();
      return recommender.recommend(userOf(slice, users[i]!), { signal });
    };
    const called = callEach(this.#options.timeoutMs, users.length, ask);
    const due: PendingUser[] = [];
    called.forEach((first, i) => {
      const user = users[i]!;
      if ('value' in first) outcomes[user] = this.#check(first.value);
      else if ('error' in first && first.error instanceof TimeLimitError) outcomes[user] = failureOf(first.error, 1);
      else due.push({ user, first });
      this.#isAsync ||= 'promise' in first;
    });
    return [...due, ...users.slice(called.length).map(user => ({ user }))];
  }

  #check(answer: readonly EngineRow[]): Outcome {
    return readable(() => {
      const rows = checkRows(answer, this.#rules, this.#numbers);
      return typeof rows === 'string' ? invalidAnswer(rows) : rows;
    });
  }

  async #askUser(recommender: UserRecommender, user: EngineUser, first: PendingUser['first']): Promise<Outcome> {
    const answer = await this.#attempt(MAX_ATTEMPTS, signal => recommender.recommend(user, { signal }), first);
    if ('failure' in answer) return answer.failure;
    return this.#check(answer.value);
  }

  /** A slice that fails as a whole is halved, until the user to blame stands alone. */
  async #askSlice(
    recommender: SliceRecommender,
    slice: SpendingSlice,
    users: readonly number[],
    outcomes: Outcome[],
  ): Promise<void> {
    if (users.length === 0) return;
    const part = pick(slice, users);
    const attempts = users.length === 1 ? MAX_ATTEMPTS : 1;
    const answer = await this.#attempt(attempts, signal => recommender.recommendSlice(part, { signal }));
    const fault =
      'failure' in answer
        ? answer.failure
        : readable(() => misshapen(answer.value, part) ?? this.#take(answer.value, slice, users, outcomes));
    if (fault !== undefined) {
      if (users.length === 1) {
        outcomes[users[0]!] = fault;
        return;
      }
      const middle = users.length >> 1;
      await this.#askSlice(recommender, slice, users.slice(0, middle), outcomes);
      await this.#askSlice(recommender, slice, users.slice(middle), outcomes);
    }
  }

  #take(value: RecommendationSlice, slice: SpendingSlice, users: readonly number[], outcomes: Outcome[]): undefined {
    const place = new Map(users.map(user => [slice.userNo[user]!, user]));
    for (const failure of value.failures) outcomes[place.get(failure.userNo)!] = wellFormed(failure);
    value.userNo.forEach((userNo, served) => {
      const rows = checkSliceRows(value, served * CARDS_PER_USER, this.#rules);
      outcomes[place.get(userNo)!] = typeof rows === 'string' ? invalidAnswer(rows) : rows;
    });
    return undefined;
  }

  async #attempt<T>(
    attempts: number,
    ask: (signal: AbortSignal) => T | Promise<T>,
    first?: Called<T>,
  ): Promise<{ readonly value: T } | { readonly failure: Omit<UserFailure, 'userNo'> }> {
    const { timeoutMs } = this.#options;
    for (let attempt = 1; ; attempt++) {
      this.#onMove(); // one call more has come to an end, well or not: each takes no longer than its time
      try {
        return { value: await withinTime(timeoutMs, attempt === 1 && first !== undefined ? () => settle(first) : ask) };
      } catch (error) {
        // By its code, not its class: an engine may have loaded another copy of this package.
        const { code } = errorOf(error);
        if (code === 'INVALID_SPENDING') return { failure: { code, message: messageOf(error) } };
        const isLate = error instanceof TimeLimitError;
        if (attempt < attempts && !(isLate && error.blocked)) {
          await setTimeout((this.#definition.retryDelayMs ?? DEFAULT_RETRY_DELAY_MS) * attempt);
          continue;
        }
        return { failure: failureOf(error, attempt) };
      }
    }
  }
}

/** What `read` finds in an answer; an answer that throws while it is read (a getter, a Proxy) is wrong. */
function readable<T>(read: () => T): T | Omit<UserFailure, 'userNo'> {
  try {
    return read();
  } catch (error) {
    return invalidAnswer(`the answer cannot be read: ${messageOf(error)}`);
  }
}

/** A code that staging takes, whatever an engine says. */
function wellFormed({ code, message }: UserFailure): Omit<UserFailure, 'userNo'> {
  return {
    code: typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,39}$/.test(code) ? code : 'ENGINE_FAILED',
    message: String(message),
  };
}

function failureOf(error: unknown, attempts: number): Omit<UserFailure, 'userNo'> {
  const tries = attempts === 1 ? '' : ` (${attempts} attempts)`;
  return error instanceof TimeLimitError
    ? { code: 'ENGINE_TIMEOUT', message: `the engine gave ${error.message}${tries}` }
    : { code: 'ENGINE_FAILED', message: `the engine threw: ${messageOf(error)}${tries}` };
}

function settle<T>(called: Called<T>): T | Promise<T> {
  if ('error' in called) throw called.error;
  return 'promise' in called ? called.promise : called.value;
}
