/** What a comparison says: its figures, and how the causes and the cards that stand on one side only are counted. */
import type { Reason } from './causes.ts';
import type { Cause } from './change.ts';
import type { CardAgreement, ColumnAgreement } from './tallies.ts';

/** A card of a user whose figures are not the same. Paise. */
export interface Difference {
  readonly userId: string;
  readonly card: string;
  readonly ours: number;
  /** Undefined where the source does not have the card for this user. */
  readonly theirs: number | undefined;
  readonly reasons: readonly Reason[];
}

/** One of the PRD's measures: the share that was reached, and the one that is asked for. */
export interface Measure {
  readonly name: string;
  readonly share: number;
  readonly asked: number;
  readonly met: boolean;
}

export interface ParityReport {
  readonly passed: boolean;
  readonly measures: readonly Measure[];
  /** Compared users; and those that could not be, by why. */
  readonly users: number;
  readonly leftOut: readonly { readonly why: string; readonly users: number; readonly example: string }[];
  readonly tolerance: number;
  readonly threshold: number;
  /** Users all of whose cards have the same figures, points too, and who have the same ten. A fourth decimal is forgiven. */
  readonly usersMatching: number;
  readonly net: {
    readonly pairs: number;
    readonly matching: number;
    readonly withinRupee: number;
    readonly missing: number;
    readonly median: number;
    readonly worst: number;
  };
  readonly points: { readonly pairs: number; readonly matching: number };
  /** Of the source's ten, how many stand among ours; also over all its cards, whether we offer them or not. */
  readonly overlap: { readonly mean: number; readonly usersWithAllTen: number; readonly meanOfAll: number };
  readonly topFive: { readonly mean: number };
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
  /** Cards of the source that are not ours, that we know and do not offer, that could not be compared; and for how many users. */
  readonly unknownCards: readonly CardCount[];
  readonly notOffered: readonly CardCount[];
  readonly unusable: readonly CardCount[];
  readonly differences: readonly Difference[];
}

export interface CardCount {
  readonly name: string;
  readonly users: number;
  /** Users in whose ten of the source it stands. */
  readonly tens: number;
  readonly why?: string;
}

export function causesOf(
  differences: readonly Difference[],
  unknown: readonly CardCount[],
  notOffered: readonly CardCount[],
): ParityReport['causes'] {
  const causes = new Map<Cause, { pairs: number; cards: Set<string>; example: string }>();
  const add = (cause: Cause, pairs: number, card: string, example: string) => {
    const found = causes.get(cause) ?? { pairs: 0, cards: new Set<string>(), example };
    found.pairs += pairs;
    found.cards.add(card);
    causes.set(cause, found);
  };
  for (const { userId, card, reasons } of differences) {
    for (const { cause, detail } of reasons) add(cause, 1, card, `${userId}, ${card}: ${detail}`);
  }
  for (const { name, users, tens } of unknown)
    add('card unknown', users, name, `${name}: in the source's ten of ${tens} users`);
  for (const { name, users, tens } of notOffered) {
    if (tens > 0) add('card not offered', users, name, `${name}: in the source's ten of ${tens} users`);
  }
  return [...causes]
    .map(([cause, { pairs, cards, example }]) => ({ cause, pairs, cards: cards.size, example }))
    .sort((a, b) => b.pairs - a.pairs);
}

/** Cards by name, for how many users, and in how many tens of the source. */
export class Counts {
  readonly #cards = new Map<string, { users: number; tens: number; why?: string }>();

  get size(): number {
    return this.#cards.size;
  }

  add(name: string, ten: readonly string[], why?: string): void {
    const found = this.#cards.get(name) ?? { users: 0, tens: 0, ...(why === undefined ? {} : { why }) };
    found.users++;
    if (ten.includes(name)) found.tens++;
    this.#cards.set(name, found);
  }

  result(): CardCount[] {
    return [...this.#cards]
      .map(([name, counted]) => ({ name, ...counted }))
      .sort((a, b) => b.tens - a.tens || b.users - a.users || (a.name < b.name ? -1 : 1));
  }
}
