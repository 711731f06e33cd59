/**
 * The package as a library: the ten cards of one user, users in, a whole run, and their stored cards, without the command line.
 *
 * Settings are those of `cron.config.ts`: `config` goes before CARDGENIUS_… variables, these before that file in the working
 * directory, which is only read where there is no `config`. Errors are CardGeniusError with a stable `code`.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { BatchListener } from './batch/events.ts';
import { type BatchOutcome, runBatch as runWith } from './batch/run-batch.ts';
import type { Config } from './config/schema.ts';
import { loadSettings, type Settings } from './config/settings.ts';
import { type OpenedDatabase, openDatabase as openAt } from './database/open-database.ts';
import { loadEngine } from './engine/load-engine.ts';
import { openEngine } from './engine/open-engine.ts';
import { stageAndPublish } from './exchange/import-spending.ts';
import { describeAmountFault, type ParsedLine, parseSpends, type RejectedLine } from './exchange/spending-csv.ts';
import type { RecommendationRow } from './model/contract.ts';
import { nearestOf } from './model/distance.ts';
import { CardGeniusError, UsageError } from './model/errors.ts';
import { formatHundredths, formatTenThousandths, parseHundredths } from './model/money.ts';
import { pointsOf, rowsOfFirstUser } from './model/recommendation.ts';
import { CATEGORIES, type Category } from './model/spending.ts';
import { utcOffsetMinutes } from './schedule/time-zone.ts';

export interface LibraryOptions {
  /** In place of cron.config.ts; what it says goes before CARDGENIUS_… variables. */
  readonly config?: Config;
}

/** Rupees a month, as decimal text or whole numbers: `'333.33'`, `50000`. What is left out counts as 0. */
export interface MonthlySpends {
  readonly amazon?: string | number;
  readonly flipkart?: string | number;
  readonly myntra?: string | number;
  readonly ajio?: string | number;
  readonly grocery?: string | number;
  /** All confirmed spend; the sum of the five unless it is given. */
  readonly confirmed?: string | number;
}

/** A card as card_recommendations would have it. Amounts are rupees a year, points are a month's, all as decimal text. */
export interface RecommendedCard {
  readonly rank: number;
  readonly cardName: string;
  readonly totalSavingsYearly: string;
  readonly joiningFees: string;
  readonly totalExtraBenefits: string;
  readonly netSavings: string;
  readonly points: Readonly<Record<Category, string>>;
  readonly redemptionMethod: string;
  readonly redemptionRate: string;
}

const FIVE = ['amazon', 'flipkart', 'myntra', 'ajio', 'grocery'] as const;

/** The ten best cards for one user's spends, by the configured engine. Throws INVALID_SPENDING where the spends cannot be believed. */
export async function recommend(spends: MonthlySpends, options: LibraryOptions = {}): Promise<RecommendedCard[]> {
  const settings = await settingsOf(options);
  checkSpends(spends, 'recommend is given');
  const paise = (name: keyof MonthlySpends, rupees: string | number) => paiseOf(name, rupees, settings.maxMonthlySpend);
  const five = FIVE.map(name => paise(name, spends[name] ?? 0));
  const sum = five.reduce((total, amount) => total + amount, 0);
  const confirmed = spends.confirmed === undefined ? sum : paise('confirmed', spends.confirmed);
  await using engine = await openEngine(settings);
  const slice = { count: 1, userNo: Int32Array.of(1), amounts: Float64Array.of(...five, confirmed) };
  const answer = await engine.recommend(slice);
  const [failure] = answer.failures;
  if (failure !== undefined) throw new CardGeniusError(failure.code, `No cards: ${failure.message}.`);
  return rowsOfFirstUser('', engine.cards, answer).map(cardOf);
}

/**
 * Opens the configured database: with `await using`, or `await opened[Symbol.asyncDispose]()` at the end, or the program does not end.
 * An embedded one is made and migrated where it is missing; of any other the schema is checked. Throws DatabaseError with the reason
 * and the remedy.
 */
export async function openDatabase(options: LibraryOptions = {}): Promise<OpenedDatabase> {
  const { databaseUrl, databasePassword, sqlServer } = await settingsOf(options);
  return openAt(databaseUrl, { password: databasePassword?.reveal(), pools: sqlServer });
}

/** A user to import: the id, at most 50 printable ASCII characters, and the month's spends. */
export interface UserSpends extends MonthlySpends {
  readonly userId: string;
}

export interface ImportedUsers {
  readonly read: number;
  /** New users, and users whose spends are other than before: a run gives them their cards. */
  readonly imported: number;
  readonly unchanged: number;
  /** Who did not go in, and why; `line` is its place among them, from 1. */
  readonly rejected: readonly { readonly line: number; readonly userId: string; readonly reason: string }[];
}

/**
 * Brings users into user_spending_data, as `cardgenius import` does with a CSV: a user who is there already gets the spends of
 * today, a wrong one is rejected alone. `users` may be a list, or an (async) generator of millions. Interrupted, it can be called again.
 */
export async function importUsers(
  opened: OpenedDatabase,
  users: Iterable<UserSpends> | AsyncIterable<UserSpends>,
  options: LibraryOptions = {},
): Promise<ImportedUsers> {
  const { maxMonthlySpend } = await settingsOf(options);
  if (typeof users !== 'object' || users === null || !(Symbol.iterator in users || Symbol.asyncIterator in users)) {
    throw new CardGeniusError(
      'INVALID_SPENDING',
      'importUsers takes a list of users, or a generator that yields them.',
    );
  }
  async function* lines(): AsyncGenerator<ParsedLine> {
    let line = 0;
    for await (const user of users) {
      checkSpends(user, `user ${line + 1} is`);
      const { userId, ...spends } = user;
      const amounts = FIVE.map(name => String(spends[name] ?? 0));
      const sum = amounts.reduce((total, text) => total + (parseHundredths(text) ?? 0), 0);
      const confirmed = String(spends.confirmed ?? formatHundredths(sum));
      yield parseSpends(++line, String(userId), [...amounts, confirmed], maxMonthlySpend);
    }
  }
  const rejected: ImportedUsers['rejected'][number][] = [];
  const add = async ({ lineNo, userId, reason }: RejectedLine) => {
    rejected.push({ line: lineNo, userId, reason });
  };
  const { read, imported, unchanged } = await stageAndPublish(
    opened.database,
    'importUsers',
    lines(),
    { add },
    () => {},
  );
  return { read, imported, unchanged, rejected };
}

/** The ten cards that the last run stored for a user, best first; empty where the user has none. */
export async function storedCards(opened: OpenedDatabase, userId: string): Promise<RecommendedCard[]> {
  return (await opened.history.readRecommendations(userId)).map(cardOf);
}

export interface RunOptions extends LibraryOptions {
  /** How many users at most. */
  readonly limit?: number;
  /** Compute and compare only: the outcome's `rowsWritten` is what a run would write. */
  readonly dryRun?: boolean;
  /** Aborted, the run gives back what is in flight; it can be taken up again. */
  readonly signal?: AbortSignal;
  /** Hears of every chunk. */
  readonly listener?: BatchListener;
}

/** Gives every user who is due their ten cards, as `cardgenius run` does; resolves when the run is over, paused or stopped. */
export async function runBatch(opened: OpenedDatabase, options: RunOptions = {}): Promise<BatchOutcome> {
  const settings = await settingsOf(options, ['limit', 'dryRun', 'signal', 'listener']);
  const { limit, dryRun = false, signal = new AbortController().signal, listener = () => {} } = options ?? {};
  const processor = `${hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`.slice(-100);
  return runWith(
    opened.database,
    settings,
    {
      kind: dryRun ? 'dry_run' : 'batch',
      userLimit: limit ?? null,
      processor,
      requestedBy: processor,
      deadlineAt: null,
      utcOffsetMinutes: utcOffsetMinutes(Date.now(), settings.schedules[0]?.timeZone ?? 'UTC'),
      engine: await loadEngine(settings),
    },
    listener,
    signal,
  );
}

/** `whose` begins the sentence where they are no object: `user 3 is`. */
function checkSpends(spends: unknown, whose: string): void {
  if (typeof spends !== 'object' || spends === null) {
    const example = '{ amazon: 50000, confirmed: 62000 }';
    throw new CardGeniusError('INVALID_SPENDING', `${whose} ${String(spends)}: spends are an object like ${example}.`);
  }
  const unknown = Object.keys(spends).find(name => !['userId', 'confirmed', ...FIVE].includes(name));
  if (unknown === undefined) return;
  throw new CardGeniusError('INVALID_SPENDING', `There is no spend "${unknown}": ${FIVE.join(', ')} or confirmed.`);
}

function cardOf(row: RecommendationRow): RecommendedCard {
  return {
    rank: row.rank,
    cardName: row.cardName,
    totalSavingsYearly: formatHundredths(row.totalSavingsYearly),
    joiningFees: formatHundredths(row.joiningFees),
    totalExtraBenefits: formatHundredths(row.totalExtraBenefits),
    netSavings: formatHundredths(row.netSavings),
    points: Object.fromEntries(
      CATEGORIES.map((category, c) => [category, formatHundredths(pointsOf(row)[c]!)]),
    ) as Record<Category, string>,
    redemptionMethod: row.redemptionMethod,
    redemptionRate: formatTenThousandths(row.redemptionRate),
  };
}

/** The settings of a call. Throws UsageError CONFIG_INVALID, for an option that the call does not have, too: `dry` is no `dryRun`. */
async function settingsOf(
  options: LibraryOptions | undefined | null,
  others: readonly string[] = [],
): Promise<Settings> {
  const known = ['config', ...others];
  const unknown = Object.keys(options ?? {}).find(name => !known.includes(name));
  if (unknown !== undefined) {
    const near = nearestOf(unknown, known, 3);
    const hint = near === undefined ? `There are: ${known.join(', ')}.` : `Did you mean ${near}?`;
    throw new UsageError('CONFIG_INVALID', `There is no option ${unknown} beside config. ${hint}`);
  }
  const { config } = options ?? {};
  return loadSettings({ config, env: process.env, cwd: process.cwd() });
}

function paiseOf(name: string, rupees: string | number, maxMonthlySpend: number): number {
  const paise = parseHundredths(String(rupees));
  if (typeof paise === 'number') return paise;
  throw new CardGeniusError('INVALID_SPENDING', `${name} ${describeAmountFault(String(rupees), maxMonthlySpend)}`);
}
