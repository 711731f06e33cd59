import { availableParallelism } from 'node:os';
import { WorkerPool } from '../../batch/worker-pool.ts';
import type { EligibleCards } from '../../engine/card-terms.ts';
import type { Catalog } from '../../engine/catalog.ts';
import { loadBuiltIn } from '../../engine/load-engine.ts';
import { CARDS_PER_USER } from '../../model/recommendation.ts';
import type { SpendingSlice } from '../../model/spending.ts';
import { type CardChange, CardTally, type Side, spreadOf, type Tens } from './diff-cards.ts';
import { generatedUserId, generatedUsers } from './generated-users.ts';

/** What a change of the catalogue does to one user. Nets in whole paise. */
export interface UserChange {
  readonly userId: string;
  readonly firstBefore: string;
  readonly firstAfter: string;
  /** net_savings of the first card. */
  readonly netBefore: number;
  readonly netAfter: number;
}

export interface CatalogDiff {
  readonly before: string;
  readonly after: string;
  /** Two different files that name one version. */
  readonly sameVersion: boolean;
  /** The rules that differ, like `fees: without_gst → with_gst`. */
  readonly rules: readonly string[];
  /** Users who were ranked under both; and those that the engine refuses. */
  readonly users: number;
  readonly refused: number;
  /** Users whose ten are other cards or stand in another order; and whose first card is another one. */
  readonly tenChanges: number;
  readonly firstCardChanges: number;
  /** Users whose first card is another one, by old and new card, most frequent first. */
  readonly switches: readonly { readonly from: string; readonly to: string; readonly users: number }[];
  /** How the first card's net moves, over all users whose net does. */
  readonly netMoves: {
    readonly users: number;
    readonly up: number;
    readonly down: number;
    readonly median: number;
    readonly least: number;
    readonly most: number;
  };
  readonly cards: readonly CardChange[];
  /** Users whose first card or whose first net changes. */
  readonly changes: readonly UserChange[];
}

/** Users to rank, by user number. */
export interface UsersToRank {
  readonly ids: readonly string[];
  readonly slice: SpendingSlice;
}

export interface DiffOptions {
  /** A number of invented users; or users of one's own, page by page. */
  readonly users: number | AsyncIterable<UsersToRank>;
  readonly maxMonthlySpend: number;
  readonly eligibleCards?: EligibleCards | undefined;
  /** How many users whose first card or first net changes are kept one by one; all of them unless it is given. */
  readonly mostChanges?: number;
}

/** Ranks users under two catalogues and tells what changes. Throws UsageError where one of them is wrong. */
export async function diffCatalogs(beforePath: string, afterPath: string, options: DiffOptions): Promise<CatalogDiff> {
  const { users, mostChanges = Number.POSITIVE_INFINITY } = options;
  const [before, after] = await Promise.all([beforePath, afterPath].map(path => open(path, options)));
  try {
    const diff = new Diff(before!, after!, mostChanges);
    const pages = typeof users === 'number' ? [inventedPage(users, options.maxMonthlySpend)] : users;
    for await (const { ids, slice } of pages) {
      diff.add(ids, ...(await Promise.all([rank(before!, slice), rank(after!, slice)])));
    }
    return diff.result();
  } finally {
    await Promise.all([before!.pool.close(), after!.pool.close()]);
  }
}

function inventedPage(users: number, maxMonthlySpend: number): UsersToRank {
  const ids = Array.from({ length: users }, (_, user) => generatedUserId(user));
  return { ids, slice: generatedUsers(users, maxMonthlySpend) };
}

async function open(catalogPath: string, { maxMonthlySpend, eligibleCards }: DiffOptions): Promise<Side> {
  const { image, cards } = await loadBuiltIn({ catalogPath, maxMonthlySpend, eligibleCards });
  const { catalog } = image;
  return { catalog, cards, pool: new WorkerPool(Math.max(1, Math.floor(availableParallelism() / 2)), image) };
}

async function rank({ cards, pool }: Side, slice: SpendingSlice): Promise<Tens> {
  const cardNo = new Int32Array(slice.count * CARDS_PER_USER).fill(-1);
  const net = new Float64Array(slice.count * CARDS_PER_USER);
  for (const answer of await pool.compute(slice, () => {})) {
    answer.cardNo.forEach((no, r) => {
      const at = answer.userNo[Math.floor(r / CARDS_PER_USER)]! * CARDS_PER_USER + (r % CARDS_PER_USER);
      cardNo[at] = no;
      net[at] = answer.yearly[r]! + answer.extra[r]! - cards[no]!.joiningFees;
    });
  }
  return { cardNo, net };
}

/** Adds up what changes, user by user. */
class Diff {
  readonly #before: Side;
  readonly #after: Side;
  readonly #mostChanges: number;
  readonly #tally: CardTally;
  readonly #changes: UserChange[] = [];
  readonly #switches = new Map<string, { from: string; to: string; users: number }>();
  readonly #moves: number[] = [];
  #users = 0;
  #refused = 0;
  #tenChanges = 0;
  #firstCardChanges = 0;

  constructor(before: Side, after: Side, mostChanges: number) {
    this.#before = before;
    this.#after = after;
    this.#mostChanges = mostChanges;
    this.#tally = new CardTally(before, after);
  }

  add(ids: readonly string[], before: Tens, after: Tens): void {
    for (const [user, userId] of ids.entries()) {
      const at = user * CARDS_PER_USER;
      if (before.cardNo[at] === -1 || after.cardNo[at] === -1) {
        this.#refused++;
        continue;
      }
      this.#users++;
      if (this.#tally.add(at, before, after)) this.#tenChanges++;
      this.#addFirst({
        userId,
        firstBefore: this.#before.cards[before.cardNo[at]!]!.name,
        firstAfter: this.#after.cards[after.cardNo[at]!]!.name,
        netBefore: before.net[at]!,
        netAfter: after.net[at]!,
      });
    }
  }

  #addFirst(change: UserChange): void {
    const { firstBefore, firstAfter, netBefore, netAfter } = change;
    if (netBefore !== netAfter) this.#moves.push(netAfter - netBefore);
    if (firstBefore === firstAfter && netBefore === netAfter) return;
    if (this.#changes.length < this.#mostChanges) this.#changes.push(change);
    if (firstBefore === firstAfter) return;
    this.#firstCardChanges++;
    const key = `${firstBefore}\n${firstAfter}`;
    const found = this.#switches.get(key) ?? { from: firstBefore, to: firstAfter, users: 0 };
    found.users++;
    this.#switches.set(key, found);
  }

  result(): CatalogDiff {
    const [before, after] = [this.#before.catalog, this.#after.catalog];
    return {
      before: before.version,
      after: after.version,
      sameVersion: before.version === after.version && before.sha256 !== after.sha256,
      rules: ruleChanges(before.rules, after.rules),
      users: this.#users,
      refused: this.#refused,
      tenChanges: this.#tenChanges,
      firstCardChanges: this.#firstCardChanges,
      switches: [...this.#switches.values()].sort((a, b) => b.users - a.users),
      netMoves: {
        ...spreadOf(this.#moves),
        up: this.#moves.filter(move => move > 0).length,
        down: this.#moves.filter(move => move < 0).length,
      },
      cards: this.#tally.cards(),
      changes: this.#changes,
    };
  }
}

function ruleChanges(before: Catalog['rules'], after: Catalog['rules']): string[] {
  return (Object.keys(before) as (keyof Catalog['rules'])[])
    .filter(rule => before[rule] !== after[rule])
    .map(rule => `${rule}: ${before[rule]} → ${after[rule]}`);
}
