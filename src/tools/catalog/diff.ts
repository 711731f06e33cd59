import { availableParallelism } from 'node:os';
import { WorkerPool } from '../../batch/worker-pool.ts';
import { nameOf } from '../../engine/card-terms.ts';
import { type Catalog, parseCatalog } from '../../engine/catalog.ts';
import type { Card } from '../../engine/catalog-schema.ts';
import { loadEngine } from '../../engine/load-engine.ts';
import { CARDS_PER_USER, type RunCard } from '../../model/recommendation.ts';
import type { SpendingSlice } from '../../model/spending.ts';
import { medianOf } from '../../model/statistics.ts';
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

export interface CardChange {
  readonly name: string;
  readonly what: 'added' | 'removed' | 'changed';
  /** Which of the card's fields differ. */
  readonly fields: readonly string[];
  /** Among how many users' ten, and how often first. */
  readonly tensBefore: number;
  readonly tensAfter: number;
  readonly firstsBefore: number;
  readonly firstsAfter: number;
  /** Of users who have it among their ten before and after: how its net moves, paise. Undefined without such users. */
  readonly netMoves:
    | { readonly users: number; readonly median: number; readonly least: number; readonly most: number }
    | undefined;
}

export interface CatalogDiff {
  readonly before: string;
  readonly after: string;
  /** Two different files that name one version. */
  readonly sameVersion: boolean;
  /** The rules that differ, like `fees: without_gst → with_gst`. */
  readonly rules: readonly string[];
  readonly users: number;
  readonly firstCardChanges: number;
  /** Users whose first card is another one, by old and new card, most frequent first. */
  readonly switches: readonly { readonly from: string; readonly to: string; readonly users: number }[];
  /** Of the first card's net, over all users whose net moves. */
  readonly netMoves: {
    readonly users: number;
    readonly up: number;
    readonly down: number;
    readonly median: number;
    readonly least: number;
    readonly most: number;
  };
  readonly cards: readonly CardChange[];
  /** Every user whose first card or whose first net changes. */
  readonly changes: readonly UserChange[];
}

interface Side {
  readonly catalog: Catalog;
  readonly cards: readonly RunCard[];
  /** Ten for each user, in their order. */
  readonly cardNo: Int32Array;
  readonly net: Float64Array;
}

/** Ranks generated users under two catalogues and tells what changes. Throws UsageError where one of them is wrong. */
export async function diffCatalogs(
  beforePath: string,
  afterPath: string,
  { users, maxMonthlySpend }: { readonly users: number; readonly maxMonthlySpend: number },
): Promise<CatalogDiff> {
  const slice = generatedUsers(users, maxMonthlySpend);
  const workers = Math.max(1, Math.floor(availableParallelism() / 2));
  const [before, after] = await Promise.all(
    [beforePath, afterPath].map(path => rank(path, slice, maxMonthlySpend, workers)),
  );
  return compare(before!, after!, users);
}

async function rank(path: string, slice: SpendingSlice, maxMonthlySpend: number, workers: number): Promise<Side> {
  const { image, cards } = await loadEngine({ catalogPath: path, maxMonthlySpend });
  const catalog = parseCatalog(image.kind === 'built_in' ? image.catalog : Buffer.of(), path);
  const pool = new WorkerPool(workers, image);
  try {
    const slices = await pool.compute(slice, () => {});
    const cardNo = new Int32Array(slice.count * CARDS_PER_USER);
    const net = new Float64Array(slice.count * CARDS_PER_USER);
    for (const answer of slices) {
      answer.cardNo.forEach((no, r) => {
        const at = answer.userNo[Math.floor(r / CARDS_PER_USER)]! * CARDS_PER_USER + (r % CARDS_PER_USER);
        cardNo[at] = no;
        net[at] = answer.yearly[r]! + answer.extra[r]! - cards[no]!.joiningFees;
      });
    }
    return { catalog, cards, cardNo, net };
  } finally {
    await pool.close();
  }
}

function compare(before: Side, after: Side, users: number): CatalogDiff {
  const tally = new Tally(before, after);
  const changes: UserChange[] = [];
  const switches = new Map<string, { from: string; to: string; users: number }>();
  for (let user = 0; user < users; user++) {
    tally.add(user);
    const at = user * CARDS_PER_USER;
    const change = {
      firstBefore: before.cards[before.cardNo[at]!]!.name,
      firstAfter: after.cards[after.cardNo[at]!]!.name,
      netBefore: before.net[at]!,
      netAfter: after.net[at]!,
    };
    if (change.firstBefore === change.firstAfter && change.netBefore === change.netAfter) continue;
    changes.push({ userId: generatedUserId(user), ...change });
    if (change.firstBefore === change.firstAfter) continue;
    const key = `${change.firstBefore}\n${change.firstAfter}`;
    const found = switches.get(key) ?? { from: change.firstBefore, to: change.firstAfter, users: 0 };
    found.users++;
    switches.set(key, found);
  }
  const moves = changes.map(change => change.netAfter - change.netBefore).filter(move => move !== 0);
  return {
    before: before.catalog.version,
    after: after.catalog.version,
    sameVersion: before.catalog.version === after.catalog.version && before.catalog.sha256 !== after.catalog.sha256,
    rules: ruleChanges(before.catalog.rules, after.catalog.rules),
    users,
    firstCardChanges: changes.filter(change => change.firstBefore !== change.firstAfter).length,
    switches: [...switches.values()].sort((a, b) => b.users - a.users),
    netMoves: {
      ...spreadOf(moves),
      up: moves.filter(move => move > 0).length,
      down: moves.filter(move => move < 0).length,
    },
    cards: tally.cards(),
    changes,
  };
}

/** Who has which card, before and after. */
class Tally {
  readonly #before: Side;
  readonly #after: Side;
  readonly #counts = new Map<string, { tens: [number, number]; firsts: [number, number]; moves: number[] }>();

  constructor(before: Side, after: Side) {
    this.#before = before;
    this.#after = after;
  }

  add(user: number): void {
    const at = user * CARDS_PER_USER;
    const earlier = new Map<string, number>();
    for (const [side, { cards, cardNo, net }] of [this.#before, this.#after].entries()) {
      for (let place = 0; place < CARDS_PER_USER; place++) {
        const { name } = cards[cardNo[at + place]!]!;
        const count = this.#countsOf(name);
        count.tens[side]!++;
        if (place === 0) count.firsts[side]!++;
        if (side === 0) earlier.set(name, net[at + place]!);
        else if (earlier.has(name)) count.moves.push(net[at + place]! - earlier.get(name)!);
      }
    }
  }

  /** The cards that were added, removed or changed. */
  cards(): CardChange[] {
    const open = ({ catalog }: Side) => new Map(catalog.cards.filter(isOpen).map(card => [nameOf(card), card]));
    const [old, fresh] = [open(this.#before), open(this.#after)];
    return [...new Set([...old.keys(), ...fresh.keys()])].flatMap(name => {
      const [was, is] = [old.get(name), fresh.get(name)];
      const fields = was === undefined || is === undefined ? [] : differingFields(was, is);
      if (was !== undefined && is !== undefined && fields.length === 0) return [];
      const { tens, firsts, moves } = this.#countsOf(name);
      return [
        {
          name,
          what: was === undefined ? ('added' as const) : is === undefined ? ('removed' as const) : ('changed' as const),
          fields,
          tensBefore: tens[0],
          tensAfter: tens[1],
          firstsBefore: firsts[0],
          firstsAfter: firsts[1],
          netMoves: moves.length === 0 ? undefined : spreadOf(moves),
        },
      ];
    });
  }

  #countsOf(name: string) {
    const found = this.#counts.get(name) ?? { tens: [0, 0], firsts: [0, 0], moves: [] };
    this.#counts.set(name, found);
    return found;
  }
}

const isOpen = (card: Card) => card.status === 'open';

function differingFields(a: Card, b: Card): string[] {
  const fields = [...new Set([...Object.keys(a), ...Object.keys(b)])] as (keyof Card)[];
  return fields.filter(field => JSON.stringify(a[field]) !== JSON.stringify(b[field]));
}

function spreadOf(moves: readonly number[]) {
  const sorted = [...moves].sort((a, b) => a - b);
  return { users: moves.length, median: medianOf(sorted), least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 };
}

function ruleChanges(before: Catalog['rules'], after: Catalog['rules']): string[] {
  return (Object.keys(before) as (keyof Catalog['rules'])[])
    .filter(rule => before[rule] !== after[rule])
    .map(rule => `${rule}: ${before[rule]} → ${after[rule]}`);
}
