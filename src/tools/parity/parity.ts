/** How well two answers for the same users agree: nets, the ten, ranks; per card, per column, and why not. */

import type { Card } from '../../engine/catalog-schema.ts';
import { POINT_COLUMNS } from '../../engine/plugin/answer-check.ts';
import { CARDS_PER_USER } from '../../model/recommendation.ts';
import { CATEGORIES } from '../../model/spending.ts';
import { medianOf } from '../../model/statistics.ts';
import type { ParityCase, ParityRow } from './case.ts';
import { type Cause, type Reason, reasonsFor } from './causes.ts';

export interface ParityOptions {
  /** Paise that do not count as a difference; for points, hundredths. */
  readonly tolerance: number;
  /** Share of users with all ten nets matching below which the comparison fails. */
  readonly threshold: number;
  /** The catalogue's cards, to look causes up in; none for an engine of one's own. */
  readonly cards: readonly Card[];
}

/** A card of a user whose net is not the same. Paise. */
export interface Difference {
  readonly userId: string;
  readonly card: string;
  readonly ours: number;
  /** Undefined where the source does not have the card for this user. */
  readonly theirs: number | undefined;
  readonly reasons: readonly Reason[];
}

export interface CardAgreement {
  readonly card: string;
  readonly pairs: number;
  readonly matching: number;
  readonly missing: number;
  /** Absolute, over all pairs that the source has; paise. */
  readonly median: number;
  readonly worst: number;
  readonly causes: Readonly<Partial<Record<Cause, number>>>;
}

export interface ColumnAgreement {
  readonly column: string;
  readonly pairs: number;
  readonly matching: number;
  /** Absolute, in hundredths (of a rupee, of a point), ten-thousandths for the rate. */
  readonly worst: number;
}

export interface ParityReport {
  readonly passed: boolean;
  readonly users: number;
  readonly tolerance: number;
  readonly threshold: number;
  /** Users all of whose ten nets match. */
  readonly usersMatching: number;
  readonly net: {
    readonly pairs: number;
    readonly matching: number;
    readonly missing: number;
    readonly median: number;
    readonly worst: number;
  };
  /** Of our ten, how many stand among theirs. */
  readonly overlap: { readonly mean: number; readonly usersWithAllTen: number };
  /** Places, of ten a user, with the same card on both sides; and users with the same first card. */
  readonly ranks: { readonly places: number; readonly agreeing: number; readonly firstAgreeing: number };
  readonly causes: readonly {
    readonly cause: Cause;
    readonly pairs: number;
    readonly cards: number;
    readonly example: string;
  }[];
  readonly cards: readonly CardAgreement[];
  readonly columns: readonly ColumnAgreement[];
  /** Cards of the source that are not ours, and in how many answers. */
  readonly unknownCards: readonly { readonly name: string; readonly users: number }[];
  readonly differences: readonly Difference[];
}

/** Compares users, each with our ten and what the source says. */
export function compareParity(cases: readonly ParityCase[], options: ParityOptions): ParityReport {
  const { tolerance, threshold } = options;
  const byName = new Map(options.cards.map(card => [card.name, card]));
  const cards = new Map<string, CardTally>();
  const columns = new ColumnTally(tolerance);
  const unknown = new Map<string, number>();
  const differences: Difference[] = [];
  const sizes: number[] = [];
  let [usersMatching, overlap, usersWithAllTen, agreeing, firstAgreeing] = [0, 0, 0, 0, 0];

  for (const { userId, ours, theirs, spends, unknownCards } of cases) {
    const found = new Map(theirs.map(row => [row.card, row]));
    const theirTen = theirs.slice(0, CARDS_PER_USER).map(row => row.card);
    let all = ours.length === CARDS_PER_USER;
    for (const row of ours) {
      const tally = cards.get(row.card) ?? new CardTally(row.card);
      cards.set(row.card, tally);
      const other = found.get(row.card);
      if (other === undefined) {
        tally.missing++;
        all = false;
        differences.push({ userId, card: row.card, ours: row.net, theirs: undefined, reasons: [] });
        continue;
      }
      columns.add(row, other);
      const size = Math.abs(row.net - other.net);
      sizes.push(size);
      const matches = size <= tolerance;
      const reasons = matches
        ? []
        : reasonsFor({ ours: row, theirs: other, card: byName.get(row.card), spends, tolerance });
      tally.add(size, matches, reasons);
      if (matches) continue;
      all = false;
      differences.push({ userId, card: row.card, ours: row.net, theirs: other.net, reasons });
    }
    if (all) usersMatching++;
    const shared = ours.filter(row => theirTen.includes(row.card)).length;
    overlap += shared;
    if (shared === CARDS_PER_USER) usersWithAllTen++;
    agreeing += ours.filter((row, place) => theirTen[place] === row.card).length;
    if (ours.length > 0 && theirTen[0] === ours[0]!.card) firstAgreeing++;
    for (const name of unknownCards) unknown.set(name, (unknown.get(name) ?? 0) + 1);
  }

  const sorted = sizes.sort((a, b) => a - b);
  const agreements = [...cards.values()].map(tally => tally.result());
  const missing = agreements.reduce((sum, card) => sum + card.missing, 0);
  const users = cases.length;
  return {
    passed: users > 0 && usersMatching / users >= threshold,
    users,
    tolerance,
    threshold,
    usersMatching,
    net: {
      pairs: sizes.length + missing,
      matching: agreements.reduce((sum, card) => sum + card.matching, 0),
      missing,
      median: medianOf(sorted),
      worst: sorted.at(-1) ?? 0,
    },
    overlap: { mean: users === 0 ? 0 : overlap / users, usersWithAllTen },
    ranks: { places: users * CARDS_PER_USER, agreeing, firstAgreeing },
    causes: causesOf(differences),
    cards: agreements.sort((a, b) => b.pairs - b.matching - (a.pairs - a.matching) || (a.card < b.card ? -1 : 1)),
    columns: columns.result(),
    unknownCards: [...unknown].map(([name, count]) => ({ name, users: count })).sort((a, b) => b.users - a.users),
    differences,
  };
}

function causesOf(differences: readonly Difference[]): ParityReport['causes'] {
  const causes = new Map<Cause, { pairs: number; cards: Set<string>; example: string }>();
  for (const { userId, card, reasons } of differences) {
    for (const { cause, detail } of reasons) {
      const found = causes.get(cause) ?? {
        pairs: 0,
        cards: new Set<string>(),
        example: `${userId}, ${card}: ${detail}`,
      };
      found.pairs++;
      found.cards.add(card);
      causes.set(cause, found);
    }
  }
  return [...causes]
    .map(([cause, { pairs, cards, example }]) => ({ cause, pairs, cards: cards.size, example }))
    .sort((a, b) => b.pairs - a.pairs);
}

class CardTally {
  readonly card: string;
  missing = 0;
  #matching = 0;
  readonly #sizes: number[] = [];
  readonly #causes: Partial<Record<Cause, number>> = {};

  constructor(card: string) {
    this.card = card;
  }

  add(size: number, matches: boolean, reasons: readonly Reason[]): void {
    this.#sizes.push(size);
    if (matches) this.#matching++;
    for (const { cause } of reasons) this.#causes[cause] = (this.#causes[cause] ?? 0) + 1;
  }

  result(): CardAgreement {
    const sorted = this.#sizes.sort((a, b) => a - b);
    return {
      card: this.card,
      pairs: sorted.length + this.missing,
      matching: this.#matching,
      missing: this.missing,
      median: medianOf(sorted),
      worst: sorted.at(-1) ?? 0,
      causes: this.#causes,
    };
  }
}

/** What each column says on both sides, where both say something. */
class ColumnTally {
  readonly #tolerance: number;
  readonly #columns = new Map<string, { pairs: number; matching: number; worst: number }>();

  constructor(tolerance: number) {
    this.#tolerance = tolerance;
  }

  add(ours: ParityRow, theirs: ParityRow): void {
    this.#amount('total_savings_yearly', ours.yearly, theirs.yearly);
    this.#amount('joining_fees', ours.joiningFees, theirs.joiningFees);
    this.#amount('total_extra_benefits', ours.extra, theirs.extra);
    this.#amount('net_savings', ours.net, theirs.net);
    for (const [c, category] of CATEGORIES.entries()) {
      this.#amount(POINT_COLUMNS[c]!, ours.points[category], theirs.points[category]);
    }
    if (ours.redemptionMethod !== undefined && theirs.redemptionMethod !== undefined) {
      this.#count('redemption_method', ours.redemptionMethod === theirs.redemptionMethod, 0);
    }
    const [rate, other] = [ours.redemptionRate, theirs.redemptionRate];
    if (rate !== undefined && other !== undefined)
      this.#count('redemption_rate', rate === other, Math.abs(rate - other));
  }

  result(): ColumnAgreement[] {
    return [...this.#columns].map(([column, counts]) => ({ column, ...counts }));
  }

  #amount(column: string, ours: number | undefined, theirs: number | undefined): void {
    if (ours === undefined || theirs === undefined) return;
    const size = Math.abs(ours - theirs);
    this.#count(column, size <= this.#tolerance, size);
  }

  #count(column: string, matches: boolean, size: number): void {
    const counts = this.#columns.get(column) ?? { pairs: 0, matching: 0, worst: 0 };
    counts.pairs++;
    if (matches) counts.matching++;
    counts.worst = Math.max(counts.worst, size);
    this.#columns.set(column, counts);
  }
}
