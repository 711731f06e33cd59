/**
 * `cardgenius-batch/testing`: what a team runs against its engine before it is plugged in. Contract, answers, determinism, the
 * paisa rules, and speed, each with what was found.
 */
import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { CardGeniusError, messageOf } from '../../model/errors.ts';
import { CARDS_PER_USER, MAX_DECIMAL_12_2, type RecommendationSlice, valuesOf } from '../../model/recommendation.ts';
import { CATEGORIES, type SpendingSlice } from '../../model/spending.ts';
import type { Engine } from '../engine.ts';
import { DEFAULT_ENGINE_TIMEOUT_MS } from '../source.ts';
import { DEFAULT_MAX_MONTHLY_SPEND } from '../spending-rules.ts';
import { adaptEngine } from './adapted-engine.ts';
import type { EngineDefinition } from './define-engine.ts';
import { checkDefinition } from './engine-module.ts';

export interface KitOptions {
  /** Generated users, beside those at the edges. Default 1,000. */
  readonly users?: number;
  /** Fails the speed check below it; default 0: speed is only reported. */
  readonly minUsersPerSecond?: number;
  /** Milliseconds for one call, as `engineTimeoutSeconds` in cron.config.ts. Default 10,000. */
  readonly timeoutMs?: number;
  /** The largest monthly amount that is believed, in paise. Default ₹1 crore. */
  readonly maxMonthlySpend?: number;
}

export interface KitCheck {
  readonly name: 'contract' | 'answers' | 'determinism' | 'paisa rules' | 'speed';
  readonly passed: boolean;
  readonly detail: string;
}

export interface KitReport {
  readonly engine: string;
  readonly passed: boolean;
  readonly checks: readonly KitCheck[];
}

/**
 * Runs the kit against an engine: a definition, or the built-in kind. Never throws for what the engine does: it is in the report.
 */
export async function testEngine(subject: EngineDefinition | Engine, options: KitOptions = {}): Promise<KitReport> {
  const { users: wanted = 1_000, minUsersPerSecond = 0 } = options;
  const maxMonthlySpend = options.maxMonthlySpend ?? DEFAULT_MAX_MONTHLY_SPEND;
  const adapter = {
    files: () => [],
    path: subject.name,
    timeoutMs: options.timeoutMs ?? DEFAULT_ENGINE_TIMEOUT_MS,
    maxMonthlySpend,
  };
  const checks: KitCheck[] = [];
  const report = () => ({
    engine: `${subject.name} ${subject.version}`,
    passed: checks.every(check => check.passed),
    checks,
  });

  let engine: Engine;
  let twin: Engine;
  try {
    const definition = checkDefinition('create' in subject ? subject : definitionOf(subject), subject.name);
    engine = await adaptEngine(definition, adapter);
    twin = await adaptEngine(definition, adapter); // as in a second worker thread
    checks.push({ name: 'contract', passed: true, detail: `${engine.cards.length} cards declared` });
  } catch (error) {
    if (!(error instanceof CardGeniusError)) throw error;
    checks.push({ name: 'contract', passed: false, detail: messageOf(error) });
    return report();
  }

  const users = [...edgeUsers(maxMonthlySpend), ...Array.from({ length: wanted }, (_, i) => generated(i))];
  const slice = sliceOf(users);
  const startedAt = performance.now();
  const answer = await engine.recommend(slice);
  const seconds = (performance.now() - startedAt) / 1000;
  checks.push(answersCheck(users, answer));
  checks.push(await determinismCheck(engine, twin, users, answer));
  checks.push(paisaCheck(engine, users, answer));
  const rate = users.length / seconds;
  checks.push({
    name: 'speed',
    passed: rate >= minUsersPerSecond,
    detail: `${Math.round(rate).toLocaleString('en-US')} users/s in one thread, ${((seconds * 1000) / users.length).toFixed(3)} ms a user`,
  });
  return report();
}

/** The kit against a module, as cron.config.ts would name it. */
export async function testEngineModule(path: string, options: KitOptions = {}): Promise<KitReport> {
  const { default: definition } = (await import(pathToFileURL(path).href)) as { default: EngineDefinition };
  return testEngine(definition, options);
}

/** The report for people: a line a check. */
export function formatKitReport({ engine, passed, checks }: KitReport): string {
  const lines = checks.map(
    check => `  ${check.passed ? 'ok    ' : 'FAILED'}  ${check.name.padEnd(11)}  ${check.detail}`,
  );
  return [`${engine}: ${passed ? 'fit for the batch' : 'not fit for the batch'}`, ...lines].join('\n');
}

/** The built-in kind of engine under the public interface. */
function definitionOf(engine: Engine): EngineDefinition {
  return {
    name: engine.name,
    version: engine.version,
    cards: engine.cards.map(({ cardNo: _, ...card }) => card),
    create: () => ({ recommendSlice: slice => engine.recommend(slice) }),
  };
}

type Amounts = readonly number[];

/** Six amounts in paise, confirmed last: what engines stumble over. */
function edgeUsers(limit: number): Amounts[] {
  const only = (c: number, amount: number) => CATEGORIES.map((_, i) => (i === c || i === 5 ? amount : 0));
  return [
    [0, 0, 0, 0, 0, 0],
    [1, 1, 1, 1, 1, 6],
    [1, 0, 0, 0, 0, 0],
    [33_333, 1, 1_234_567, 0, 777, 0],
    [0, 0, 0, 0, 0, 5_000_001],
    ...[0, 1, 2, 3, 4].map(c => only(c, 1_000_050)),
    [100_000, 100_000, 0, 0, 0, 150_000], // confirmed below the five
    [limit, limit, limit, limit, limit, limit],
  ];
}

/** User `n`: the same in every kit. Amounts from a few paise to a lakh of rupees, with gaps. */
function generated(n: number): Amounts {
  const bytes = createHash('sha256').update(`kit ${n}`).digest();
  const five = [0, 1, 2, 3, 4].map(c =>
    bytes[c]! < 64 ? 0 : Math.floor(10 ** (1 + (bytes[c + 8]! % 7)) * (bytes[c + 16]! / 256)),
  );
  const sum = five.reduce((total, amount) => total + amount, 0);
  return [...five, sum + bytes.readUInt16BE(30) * 10];
}

function sliceOf(users: readonly Amounts[]): SpendingSlice {
  const count = users.length;
  const amounts = new Float64Array(count * 6);
  users.forEach((user, i) => {
    for (let c = 0; c < 6; c++) amounts[c * count + i] = user[c]!;
  });
  return { count, userNo: Int32Array.from(users, (_, i) => i + 1), amounts };
}

const shown = (amounts: Amounts | undefined) => `[${(amounts ?? []).join(', ')}]`;

function answersCheck(users: readonly Amounts[], answer: RecommendationSlice): KitCheck {
  const [first] = answer.failures;
  const passed = first === undefined;
  return {
    name: 'answers',
    passed,
    detail: passed
      ? `${users.length} users, ten valid rows each`
      : `${answer.failures.length} of ${users.length} users failed; the first with amounts ${shown(users[first.userNo - 1])}: ${first.code}: ${first.message}`,
  };
}

/** Asked again, in the opposite order, alone, and of a second instance: the same rows. */
async function determinismCheck(
  engine: Engine,
  twin: Engine,
  users: readonly Amounts[],
  answer: RecommendationSlice,
): Promise<KitCheck> {
  const expected = byUser(answer);
  const probe = async (how: string, who: Engine, indexes: readonly number[]): Promise<string | undefined> => {
    const found = byUser(await who.recommend(sliceOf(indexes.map(i => users[i]!))));
    const differing = indexes.find((index, i) => found.get(i + 1) !== expected.get(index + 1));
    return differing === undefined
      ? undefined
      : `${how}, the user with amounts ${shown(users[differing])} got other rows`;
  };
  const all = users.map((_, i) => i);
  const fault =
    (await probe('asked again', engine, all)) ??
    (await probe('asked in the opposite order', engine, all.toReversed())) ??
    (await probe('asked alone', engine, [3])) ??
    (await probe('asked of a second instance', twin, all));
  return {
    name: 'determinism',
    passed: fault === undefined,
    detail: fault ?? 'again, reversed, alone, second instance',
  };
}

/** Whole paise, nets that add up, all within DECIMAL(12,2); and what must not matter does not: a gap is a zero. */
function paisaCheck(engine: Engine, users: readonly Amounts[], answer: RecommendationSlice): KitCheck {
  const broken = answer.failures.find(failure => /whole|add up|DECIMAL|NaN|finite/.test(failure.message));
  if (broken !== undefined) {
    const detail = `with amounts ${shown(users[broken.userNo - 1])}: ${broken.message}`;
    return { name: 'paisa rules', passed: false, detail };
  }
  const amounts = valuesOf(answer).flatMap(column => [...column]);
  const odd = amounts.find(value => !Number.isInteger(value) || value < 0 || value > MAX_DECIMAL_12_2);
  const feesFit = engine.cards.every(card => Number.isInteger(card.joiningFees));
  const passed = odd === undefined && feesFit;
  const detail = passed
    ? `${amounts.length.toLocaleString('en-US')} amounts in whole paise or hundredths, within DECIMAL(12,2)`
    : `${odd ?? 'a joining fee'} is not whole or does not fit`;
  return { name: 'paisa rules', passed, detail };
}

function byUser(slice: RecommendationSlice): Map<number, string> {
  const values = valuesOf(slice);
  const texts = new Map(slice.failures.map(({ userNo, code, message }) => [userNo, `${code}: ${message}`]));
  slice.userNo.forEach((userNo, served) => {
    const text = Array.from({ length: CARDS_PER_USER }, (_, place) => {
      const r = served * CARDS_PER_USER + place;
      return [slice.cardNo[r], ...values.map(column => column[r])];
    });
    texts.set(userNo, JSON.stringify(text));
  });
  return texts;
}
