/**
 * What explains that a card's figures are not the same on both sides. A cause is shown only where changing that one thing, or that
 * one together with the others that are shown, makes the figures equal; what no change makes equal is unexplained.
 */

import { DEFAULT_MAX_MONTHLY_SPEND } from '../../engine/spending-rules.ts';
import { CATEGORIES } from '../../model/spending.ts';
import { type FiguresOf, figuresOfCards } from '../api/our-figures.ts';
import type { ParityRow } from './case.ts';
import type { Cause, Change, Terms } from './change.ts';

export interface Reason {
  readonly cause: Cause;
  readonly detail: string;
}

export interface Pair {
  readonly theirs: ParityRow;
  /** The six spends, paise. */
  readonly spends: readonly number[];
  readonly otherKeys: boolean;
}

/** With what the sets of changes that were tried give. */
interface Tried extends Pair {
  readonly rows: Map<number, ParityRow | undefined>;
}

/** How many changes a set has. */
const size = (mask: number): number => mask.toString(2).replaceAll('0', '').length;

/** What of a row has to be equal. Yearly savings and points are one thing: what the card earns. */
type Part = 'fee' | 'extra' | 'earnings';
const PARTS: readonly Part[] = ['fee', 'extra', 'earnings'];

/** How many pairs of one card are searched in full; a thousand users whose figures all differ would take hours. */
const MAX_SEARCHES = 50;

/**
 * Explains the pairs of one card. What a set of changes gives is compiled once, for all users, and sets that explained an earlier pair
 * are tried first.
 */
export class CardCauses {
  readonly #ours: Terms;
  readonly #changes: readonly Change[];
  readonly #tolerance: number;
  readonly #compiled = new Map<number, (spends: readonly number[]) => ParityRow | undefined>();
  /** Sets that explained a pair, or a part of one. */
  readonly #known = new Set<number>();
  readonly #reasonsOf = new Map<number, readonly Reason[]>();
  #searches = 0;

  /** `tolerance`: paise, and hundredths of points, that do not count. */
  constructor(ours: Terms, changes: readonly Change[], tolerance: number) {
    this.#ours = ours;
    // More than sixteen sets of changes a card are no explanation.
    this.#changes = changes.slice(0, 16);
    this.#tolerance = tolerance;
  }

  /** Empty where the two are equal as they are. */
  reasonsFor(given: Pair): readonly Reason[] {
    const pair = { ...given, rows: new Map<number, ParityRow | undefined>() };
    const parts = PARTS.filter(part => !this.#isEqual(0, pair, [part]));
    if (parts.length === 0) return [];
    const isSearched = this.#searches < MAX_SEARCHES;
    const found = this.#find(pair, PARTS, isSearched);
    if (found !== undefined) return this.#reasons(found);
    if (isSearched) this.#searches++;
    const reasons = new Map<string, Reason>();
    for (const part of parts) {
      for (const reason of this.#reasonsOfPart(part, pair, isSearched))
        reasons.set(reason.cause + reason.detail, reason);
    }
    return [...reasons.values()];
  }

  #reasonsOfPart(part: Part, pair: Tried, isSearched: boolean): readonly Reason[] {
    const found = this.#find(pair, [part], isSearched);
    if (found !== undefined) return this.#reasons(found);
    if (pair.otherKeys) {
      return [
        {
          cause: 'other spends',
          detail: 'spends beyond the four keys took part in a cap, a band or a milestone there',
        },
      ];
    }
    const near = part === 'earnings' ? this.#nearByValue(pair) : undefined;
    if (near !== undefined) return near;
    const what = part === 'extra' ? 'extra benefits' : part === 'fee' ? 'joining fees' : 'earnings';
    return [{ cause: 'unexplained', detail: `${what}: no change of the card gives theirs` }];
  }

  get #all(): number {
    return (1 << this.#changes.length) - 1;
  }

  /** The changes that make the parts equal: one where one does, else no more than are needed. `isSearched`: also sets that are not known. */
  #find(pair: Tried, parts: readonly Part[], isSearched: boolean): number | undefined {
    const known = [...this.#known].sort((a, b) => size(a) - size(b));
    const tried = new Set(isSearched ? [...known, ...this.#changes.map((_, i) => 1 << i), this.#all] : known);
    for (const mask of tried) {
      if (!this.#isEqual(mask, pair, parts)) continue;
      const needed = this.#needed(mask, pair, parts);
      this.#known.add(needed);
      return needed;
    }
    return undefined;
  }

  /** Equal points, and rupees that are off by no more than the fourth decimal of a point's value. */
  #nearByValue(pair: Tried): readonly Reason[] | undefined {
    const { theirs } = pair;
    const at = this.#changes.findIndex(
      ({ cause, detail }) => cause === 'value of a point' && detail.includes('four decimals'),
    );
    if (at < 0) return undefined;
    for (const mask of [0, this.#all]) {
      const ours = this.#rowOf(mask, pair);
      if (ours === undefined || !this.#samePoints(ours, theirs)) continue;
      const points = CATEGORIES.reduce((sum, category) => sum + (ours.points[category] ?? 0), 0);
      if (Math.abs(ours.yearly - theirs.yearly) <= points * 12 * 0.00005 + this.#tolerance + 1)
        return this.#reasons(1 << at);
    }
    return undefined;
  }

  /** One list a set, for all pairs that it explains. */
  #reasons(mask: number): readonly Reason[] {
    let reasons = this.#reasonsOf.get(mask);
    if (reasons === undefined) {
      reasons = this.#changes.flatMap(({ cause, detail }, i) => ((mask >> i) & 1 ? [{ cause, detail }] : []));
      this.#reasonsOf.set(mask, reasons);
    }
    return reasons;
  }

  /** Leaves out one change after the other as long as the parts stay equal. */
  #needed(whole: number, pair: Tried, parts: readonly Part[]): number {
    let mask = whole;
    for (const [i] of this.#changes.entries()) {
      const without = mask & ~(1 << i);
      if (without !== mask && without !== 0 && this.#isEqual(without, pair, parts)) mask = without;
    }
    return mask;
  }

  #isEqual(mask: number, pair: Tried, parts: readonly Part[]): boolean {
    const ours = this.#rowOf(mask, pair);
    if (ours === undefined) return false;
    const { theirs } = pair;
    const near = (a: number, b: number) => Math.abs(a - b) <= this.#tolerance;
    return parts.every(part => {
      if (part === 'fee') return near(ours.joiningFees, theirs.joiningFees);
      if (part === 'extra') return near(ours.extra, theirs.extra);
      return near(ours.yearly, theirs.yearly) && this.#samePoints(ours, theirs);
    });
  }

  #samePoints(ours: ParityRow, theirs: ParityRow): boolean {
    return CATEGORIES.every(category => {
      const [mine, other] = [ours.points[category], theirs.points[category]];
      return mine === undefined || other === undefined || Math.abs(mine - other) <= Math.max(1, this.#tolerance);
    });
  }

  #rowOf(mask: number, { spends, rows }: Tried): ParityRow | undefined {
    if (rows.has(mask)) return rows.get(mask);
    let compiled = this.#compiled.get(mask);
    if (compiled === undefined) {
      compiled = compile(this.#termsOf(mask));
      this.#compiled.set(mask, compiled);
    }
    const row = compiled(spends);
    rows.set(mask, row);
    return row;
  }

  #termsOf(mask: number): Terms {
    return this.#changes.reduce((terms, change, i) => ((mask >> i) & 1 ? change.apply(terms) : terms), this.#ours);
  }
}

function compile({ card, rules }: Terms): (spends: readonly number[]) => ParityRow | undefined {
  const upTo = (limit: number) => figuresOfCards({ cards: [card], rules }, limit);
  // Up to the usual limit doubles are exact; beyond it the engine computes with fractions, a hundred times as slowly.
  const usual = upTo(DEFAULT_MAX_MONTHLY_SPEND);
  let large: FiguresOf | undefined;
  return spends => {
    // The six as amounts: confirmed is their sum.
    const sum = spends.reduce((total, spend) => total + spend, 0);
    const amounts = [...spends.slice(0, -1), sum];
    if (sum > DEFAULT_MAX_MONTHLY_SPEND) large ??= upTo(Number.MAX_SAFE_INTEGER);
    const figures = (sum > DEFAULT_MAX_MONTHLY_SPEND ? large! : usual)(amounts);
    if ('refused' in figures) return undefined;
    const { points, ...rest } = figures[0]!;
    return {
      card: card.name,
      ...rest,
      points: Object.fromEntries(CATEGORIES.map((category, c) => [category, points[c]!])),
    };
  };
}
