/**
 * `cardgenius-batch/testing`: what a team runs against its engine before it is plugged in. Contract, answers, determinism, the
 * paisa rules, and speed, each with what was found.
 */
import { pathToFileURL } from 'node:url';
import { CardGeniusError, messageOf } from '../../model/errors.ts';
import { group } from '../../model/format.ts';
import { MAX_DECIMAL_12_2 } from '../../model/recommendation.ts';
import type { Engine } from '../engine.ts';
import { createMs, DEFAULT_ENGINE_TIMEOUT_MS } from '../source.ts';
import { DEFAULT_MAX_MONTHLY_SPEND } from '../spending-rules.ts';
import { adaptEngine } from './adapted-engine.ts';
import { BlockedWatch } from './blocked-watch.ts';
import type { EngineDefinition } from './define-engine.ts';
import { checkDefinition } from './engine-module.ts';
import { type Asked, KitAsker, theUser } from './kit-asker.ts';
import { KitStrays } from './kit-strays.ts';
import { type Amounts, edgeUsers, generated } from './kit-users.ts';

export interface KitOptions {
  /** Generated users, beside the twelve at the edges. Default 1,000. */
  readonly users?: number;
  /** Fails the speed check below it; default 0: speed is only reported. */
  readonly minUsersPerSecond?: number;
  /** Milliseconds for one call, as `engineTimeoutSeconds` in cron.config.ts; the kit ends at the first user who gets no answer. Default 10,000. */
  readonly timeoutMs?: number;
  /** The largest monthly amount that is believed, in paise. Default ₹1 crore. */
  readonly maxMonthlySpend?: number;
  /** Gets a line as each check begins, and one every five seconds. Default: the standard error. */
  readonly progress?: (line: string) => void;
}

/** Beyond the time of one call: a machine under load is slow, and no engine is ended for that. */
const SLACK_MS = 10_000;

export interface KitCheck {
  readonly name: 'contract' | 'answers' | 'determinism' | 'paisa rules' | 'speed';
  /** False as well where it could not be checked. */
  readonly passed: boolean;
  /** False where there was nothing to check: the engine had answered for no user, or for one not in time. */
  readonly checked: boolean;
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
  const timeoutMs = options.timeoutMs ?? DEFAULT_ENGINE_TIMEOUT_MS;
  const progress = options.progress ?? (line => process.stderr.write(`${line}\n`));
  const [path, version] = identityOf(subject);
  const adapter = { files: () => [], path, timeoutMs, maxMonthlySpend };
  const checks: KitCheck[] = [];
  const add = (name: KitCheck['name'], passed: boolean, detail: string) =>
    checks.push({ name, passed, checked: true, detail });
  using strays = new KitStrays();
  const report = async () => {
    const stray = await strays.first();
    if (stray !== undefined) {
      const { name, passed, detail } = checks[1] ?? checks[0]!;
      const told = passed ? stray : `${detail}; ${stray}`;
      checks.splice(name === 'contract' ? 0 : 1, 1, { name, passed: false, checked: true, detail: told });
    }
    return { engine: `${path} ${version}`.trim(), passed: checks.every(check => check.passed), checks };
  };

  using watch = new BlockedWatch({ what: 'create()', limitMs: createMs(timeoutMs) + SLACK_MS });
  let engine: Engine;
  let twin: Engine;
  try {
    progress('contract: the declaration, and create()');
    const definition = checkDefinition(isBuiltIn(subject) ? definitionOf(subject) : subject, path);
    engine = await adaptEngine(definition, adapter);
    twin = await adaptEngine(definition, adapter); // as in a second worker thread
    add('contract', true, `${engine.cards.length} cards declared`);
  } catch (error) {
    const why = messageOf(error);
    add('contract', false, error instanceof CardGeniusError ? why : `The engine ${path} cannot be read: ${why}.`);
    return await report();
  }

  const edges = edgeUsers(maxMonthlySpend);
  const users = [...edges, ...Array.from({ length: wanted }, (_, i) => generated(i))];
  const asker = new KitAsker(users, edges.length, {
    progress,
    onPart: what => {
      strays.at(what);
      watch.watch({ what, limitMs: timeoutMs + SLACK_MS });
    },
    onMove: () => watch.moved(),
  });
  progress(`answers: ${group(users.length)} users, ${group(timeoutMs)} ms for a call at most (timeoutMs)`);
  const first = await asker.askAll(engine);
  add('answers', first.failures.length === 0, answersOf(first, users));
  // Of an engine that has answered for no user, or hangs, there is nothing more to know.
  const none = first.served === 0 || first.isCutShort;
  const detail = first.served === 0 ? 'the engine has answered for no user' : 'the users were not all asked';
  const skip = (name: KitCheck['name']) => checks.push({ name, passed: false, checked: false, detail });
  if (none) skip('determinism');
  else {
    const fault = await firstDifference(asker, engine, twin, first, users);
    const agree = `${group(first.served)} users alike: again, reversed, alone, second instance`;
    add('determinism', fault === undefined, fault ?? agree);
  }
  const odd = oddAmount(first, engine, users);
  if (odd !== undefined) add('paisa rules', false, odd);
  else if (none) skip('paisa rules');
  else
    add(
      'paisa rules',
      true,
      `${group(first.values.length)} amounts in whole paise or hundredths, within DECIMAL(12,2)`,
    );
  if (none) skip('speed');
  else {
    const rate = first.timed / first.seconds;
    const each = ((first.seconds * 1000) / first.timed).toFixed(3);
    add('speed', rate >= minUsersPerSecond, `${group(Math.round(rate))} users/s in one thread, ${each} ms a user`);
  }
  return await report();
}

/** The kit against a module, as cron.config.ts would name it. */
export async function testEngineModule(path: string, options: KitOptions = {}): Promise<KitReport> {
  const { default: definition } = (await import(pathToFileURL(path).href)) as { default: EngineDefinition };
  return testEngine(definition, options);
}

/** The report for people: a line a check. */
export function formatKitReport({ engine, passed, checks }: KitReport): string {
  const verdict = (check: KitCheck) => (check.checked ? (check.passed ? 'ok' : 'FAILED') : 'not run');
  const lines = checks.map(check => `  ${verdict(check).padEnd(7)}  ${check.name.padEnd(11)}  ${check.detail}`);
  return [`${engine}: ${passed ? 'fit for the batch' : 'not fit for the batch'}`, ...lines].join('\n');
}

/** How reports name what may be no engine at all: its name, and its version. */
function identityOf(subject: unknown): readonly [string, string] {
  try {
    const { name, version = '' } = Object(subject) as { name?: unknown; version?: unknown };
    return [`${name ?? 'without a name'}`, `${version}`];
  } catch {
    return ['without a name', ''];
  }
}

const isBuiltIn = (subject: EngineDefinition | Engine): subject is Engine =>
  typeof (subject as Partial<Engine> | undefined)?.fingerprint === 'string' && 'recommend' in subject;

/** The built-in kind of engine under the public interface. */
function definitionOf(engine: Engine): EngineDefinition {
  return {
    name: engine.name,
    version: engine.version,
    cards: engine.cards.map(({ cardNo: _, ...card }) => card),
    create: () => ({ recommendSlice: slice => engine.recommend(slice) }),
  };
}

/** What came of asking about every user once, in a sentence. */
function answersOf({ failures, served, asked, late, isCutShort }: Asked, users: readonly Amounts[]): string {
  const all = group(users.length);
  const [first] = failures;
  if (first === undefined) return `${all} users, ten valid rows each`;
  if (late !== undefined) {
    return (
      `${theUser(users, late.index)}: ${late.code}: ${late.message}. The kit ended there, with ${group(served)} of ${all} users answered. ` +
      'Answer sooner; or raise timeoutMs here, and engineTimeoutSeconds in cron.config.ts'
    );
  }
  const rest = isCutShort && asked < users.length ? `; the other ${group(users.length - asked)} were not asked` : '';
  return `${group(failures.length)} of ${group(asked)} users failed${rest}. The first, ${theUser(users, first.index)}: ${first.code}: ${first.message}`;
}

/** Asked again, in the opposite order, alone, and of a second instance: the same rows. Else who got others, in a sentence. */
async function firstDifference(
  asker: KitAsker,
  engine: Engine,
  twin: Engine,
  first: Asked,
  users: readonly Amounts[],
): Promise<string | undefined> {
  const all = users.map((_, i) => i);
  const probes = [
    ['asked again', engine, all],
    ['asked in the opposite order', engine, all.toReversed()],
    ['asked alone', engine, [3]],
    ['asked of a second instance', twin, all],
  ] as const;
  for (const [how, who, indexes] of probes) {
    const found = await asker.ask(who, `determinism, ${how}`, indexes);
    if (found.late !== undefined) return `${how}, ${theUser(users, found.late.index)}: ${found.late.message}`;
    const differing = indexes.find(index => found.texts.get(index) !== first.texts.get(index));
    if (differing !== undefined) return `${how}, ${theUser(users, differing)} got other rows`;
  }
  return undefined;
}

/** The first amount that is not whole, does not add up, or does not fit DECIMAL(12,2), in a sentence. */
function oddAmount({ failures, values }: Asked, { cards }: Engine, users: readonly Amounts[]): string | undefined {
  const broken = failures.find(failure => /whole|joiningFees is|DECIMAL|NaN|finite/.test(failure.message));
  if (broken !== undefined) return `${theUser(users, broken.index)}: ${broken.message}`;
  const odd = values.find(value => !Number.isInteger(value) || value < 0 || value > MAX_DECIMAL_12_2);
  if (odd !== undefined) return `${odd} is not whole or does not fit`;
  return cards.every(card => Number.isInteger(card.joiningFees)) ? undefined : 'a joining fee is not whole';
}
