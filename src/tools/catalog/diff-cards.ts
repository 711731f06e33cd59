import type { WorkerPool } from '../../batch/worker-pool.ts';
import { nameOf } from '../../engine/card-terms.ts';
import type { Catalog } from '../../engine/catalog.ts';
import type { Card } from '../../engine/catalog-schema.ts';
import { CARDS_PER_USER, type RunCard } from '../../model/recommendation.ts';
import { medianOf } from '../../model/statistics.ts';

/** A catalogue, its cards, and the threads that rank by it. */
export interface Side {
  readonly catalog: Catalog;
  readonly cards: readonly RunCard[];
  readonly pool: WorkerPool;
}

/** What one side gives the users of a slice: ten each, in their order; card number -1 where the engine refuses the user. */
export interface Tens {
  readonly cardNo: Int32Array;
  readonly net: Float64Array;
}

/** What a change of the catalogue does to one card. */
export interface CardChange {
  readonly name: string;
  readonly what: 'added' | 'removed' | 'changed';
  /** Which of the card's fields differ. */
  readonly fields: readonly string[];
  /** The same with their figures, as far as they are single ones: `fees.joining 999 → 4999`, `caps`. */
  readonly differences: readonly string[];
  /** Among how many users' ten, and how often first. */
  readonly tensBefore: number;
  readonly tensAfter: number;
  readonly firstsBefore: number;
  readonly firstsAfter: number;
  /** How its net moves, in paise, for users who have it among their ten before and after. Undefined without such users. */
  readonly netMoves:
    | { readonly users: number; readonly median: number; readonly least: number; readonly most: number }
    | undefined;
}

/** Counts the cards of each user, before and after. */
export class CardTally {
  readonly #before: Side;
  readonly #after: Side;
  readonly #changed: ReadonlyMap<string, 'added' | 'removed' | readonly string[]>;
  readonly #counts = new Map<string, { tens: [number, number]; firsts: [number, number]; moves: number[] }>();

  constructor(before: Side, after: Side) {
    this.#before = before;
    this.#after = after;
    this.#changed = changedCards(before.catalog, after.catalog);
  }

  /** `at`: where the user's ten begin. Whether the ten are other cards, or in another order. */
  add(at: number, before: Tens, after: Tens): boolean {
    const earlier = new Map<string, number>();
    let isOther = false;
    for (let place = 0; place < CARDS_PER_USER; place++) {
      const { name } = this.#before.cards[before.cardNo[at + place]!]!;
      this.#count(name, 0, place);
      earlier.set(name, before.net[at + place]!);
    }
    const names = [...earlier.keys()];
    for (let place = 0; place < CARDS_PER_USER; place++) {
      const { name } = this.#after.cards[after.cardNo[at + place]!]!;
      const count = this.#count(name, 1, place);
      const net = earlier.get(name);
      if (net !== undefined && this.#changed.has(name)) count.moves.push(after.net[at + place]! - net);
      if (name !== names[place]) isOther = true;
    }
    return isOther;
  }

  #count(name: string, side: 0 | 1, place: number) {
    const count = this.#countsOf(name);
    count.tens[side]++;
    if (place === 0) count.firsts[side]++;
    return count;
  }

  /** The cards that were added, removed or changed. */
  cards(): CardChange[] {
    return [...this.#changed].map(([name, changed]) => {
      const differences = typeof changed === 'string' ? [] : changed;
      const { tens, firsts, moves } = this.#countsOf(name);
      return {
        name,
        what: typeof changed === 'string' ? changed : ('changed' as const),
        fields: [...new Set(differences.map(difference => /^\w+/.exec(difference)![0]))],
        differences,
        tensBefore: tens[0],
        tensAfter: tens[1],
        firstsBefore: firsts[0],
        firstsAfter: firsts[1],
        netMoves: moves.length === 0 ? undefined : spreadOf(moves),
      };
    });
  }

  #countsOf(name: string) {
    const found = this.#counts.get(name) ?? { tens: [0, 0], firsts: [0, 0], moves: [] };
    this.#counts.set(name, found);
    return found;
  }
}

/** Open cards, by name: those that were added, removed, or how they differ. */
function changedCards(before: Catalog, after: Catalog): Map<string, 'added' | 'removed' | readonly string[]> {
  const open = ({ cards }: Catalog) => new Map(cards.filter(isOpen).map(card => [nameOf(card), card]));
  const [old, fresh] = [open(before), open(after)];
  const changed = new Map<string, 'added' | 'removed' | readonly string[]>();
  for (const name of new Set([...old.keys(), ...fresh.keys()])) {
    const [was, is] = [old.get(name), fresh.get(name)];
    const what = was === undefined ? 'added' : is === undefined ? 'removed' : differences(was, is);
    if (what.length > 0) changed.set(name, what);
  }
  return changed;
}

const isOpen = (card: Card) => card.status === 'open';

/** Where two values differ, by path, with the figures where these are single ones. */
function differences(a: unknown, b: unknown, path = ''): string[] {
  if (JSON.stringify(a) === JSON.stringify(b)) return [];
  if (isPlain(a) && isPlain(b)) {
    const fields = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...fields].flatMap(field => differences(a[field], b[field], path === '' ? field : `${path}.${field}`));
  }
  const isSingle = [a, b].every(value => value === undefined || value === null || typeof value !== 'object');
  return [isSingle ? `${path} ${a ?? 'none'} → ${b ?? 'none'}` : path];
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** How figures move: how many, and the median, least and most of the moves. */
export function spreadOf(moves: readonly number[]) {
  const sorted = [...moves].sort((a, b) => a - b);
  return { users: moves.length, median: medianOf(sorted), least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 };
}
