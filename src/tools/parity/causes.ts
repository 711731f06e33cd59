/**
 * What explains that a card's figures are not the same on both sides. A cause is shown only where changing that one thing, or that
 * one together with the others that are shown, makes the figures equal; what no change makes equal is unexplained.
 */

import { CATEGORIES } from '../../model/spending.ts';
import { figuresOfCards } from '../api/our-figures.ts';
import type { ParityRow } from './case.ts';
import type { Cause, Change, Terms } from './changes.ts';

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

/** What of a row has to be equal. Yearly savings and points are one thing: what the card earns. */
type Part = 'fee' | 'extra' | 'earnings';
const PARTS: readonly Part[] = ['fee', 'extra', 'earnings'];

/** Explains the pairs of one card. What a set of changes gives is compiled once, for all users. */
export class CardCauses {
  readonly #ours: Terms;
  readonly #changes: readonly Change[];
  readonly #tolerance: number;
  readonly #compiled = new Map<number, (spends: readonly number[]) => ParityRow | undefined>();

  /** `tolerance`: paise, and hundredths of points, that do not count. */
  constructor(ours: Terms, changes: readonly Change[], tolerance: number) {
    this.#ours = ours;
    // More than sixteen sets of changes a card are no explanation.
    this.#changes = changes.slice(0, 16);
    this.#tolerance = tolerance;
  }

  /** Empty where the two are equal as they are. */
  reasonsFor(pair: Pair): Reason[] {
    const all = (1 << this.#changes.length) - 1;
    const parts = PARTS.filter(part => !this.#isEqual(0, pair, [part]));
    if (parts.length === 0) return [];
    const single = this.#changes.findIndex((_, i) => this.#isEqual(1 << i, pair, PARTS));
    if (single >= 0) return [this.#reason(single)];
    if (this.#isEqual(all, pair, PARTS)) return this.#needed(all, pair, PARTS).map(i => this.#reason(i));
    const reasons = new Map<string, Reason>();
    for (const part of parts)
      for (const reason of this.#reasonsOfPart(part, pair, all)) reasons.set(reason.cause + reason.detail, reason);
    return [...reasons.values()];
  }

  #reasonsOfPart(part: Part, pair: Pair, all: number): Reason[] {
    const single = this.#changes.findIndex((_, i) => this.#isEqual(1 << i, pair, [part]));
    if (single >= 0) return [this.#reason(single)];
    if (this.#isEqual(all, pair, [part])) return this.#needed(all, pair, [part]).map(i => this.#reason(i));
    if (pair.otherKeys) {
      return [
        {
          cause: 'other spends',
          detail: 'spends beyond the four keys took part in a cap, a band or a milestone there',
        },
      ];
    }
    const near = part === 'earnings' ? this.#nearByValue(pair, all) : undefined;
    if (near !== undefined) return near;
    return [
      {
        cause: 'unexplained',
        detail: `${part === 'extra' ? 'extra benefits' : part === 'fee' ? 'joining fees' : 'earnings'}: no change of the card gives theirs`,
      },
    ];
  }

  /** Equal points, and rupees that are off by no more than the fourth decimal of a point's value. */
  #nearByValue({ theirs, spends }: Pair, all: number): Reason[] | undefined {
    const at = this.#changes.findIndex(
      ({ cause, detail }) => cause === 'value of a point' && detail.includes('four decimals'),
    );
    if (at < 0) return undefined;
    for (const mask of [0, all]) {
      const ours = this.#rowOf(mask, spends);
      if (ours === undefined || !this.#samePoints(ours, theirs)) continue;
      const points = CATEGORIES.reduce((sum, category) => sum + (ours.points[category] ?? 0), 0);
      if (Math.abs(ours.yearly - theirs.yearly) <= points * 12 * 0.00005 + this.#tolerance + 1)
        return [this.#reason(at)];
    }
    return undefined;
  }

  #reason(i: number): Reason {
    const { cause, detail } = this.#changes[i]!;
    return { cause, detail };
  }

  /** Leaves out one change after the other as long as the parts stay equal. */
  #needed(all: number, pair: Pair, parts: readonly Part[]): number[] {
    let mask = all;
    for (const [i] of this.#changes.entries()) {
      const without = mask & ~(1 << i);
      if (this.#isEqual(without, pair, parts)) mask = without;
    }
    return this.#changes.flatMap((_, i) => ((mask >> i) & 1 ? [i] : []));
  }

  #isEqual(mask: number, { theirs, spends }: Pair, parts: readonly Part[]): boolean {
    const ours = this.#rowOf(mask, spends);
    if (ours === undefined) return false;
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

  #rowOf(mask: number, spends: readonly number[]): ParityRow | undefined {
    let compiled = this.#compiled.get(mask);
    if (compiled === undefined) {
      compiled = compile(this.#termsOf(mask));
      this.#compiled.set(mask, compiled);
    }
    return compiled(spends);
  }

  #termsOf(mask: number): Terms {
    return this.#changes.reduce((terms, change, i) => ((mask >> i) & 1 ? change.apply(terms) : terms), this.#ours);
  }
}

function compile({ card, rules }: Terms): (spends: readonly number[]) => ParityRow | undefined {
  const figuresOf = figuresOfCards({ cards: [card], rules }, Number.MAX_SAFE_INTEGER);
  return spends => {
    // The six as amounts: confirmed is their sum.
    const amounts = [...spends.slice(0, -1), spends.reduce((sum, spend) => sum + spend, 0)];
    const figures = figuresOf(amounts);
    if ('refused' in figures) return undefined;
    const { points, ...rest } = figures[0]!;
    return {
      card: card.name,
      ...rest,
      points: Object.fromEntries(CATEGORIES.map((category, c) => [category, points[c]!])),
    };
  };
}
