/** Counts of a comparison: per card, and per column. */
import { POINT_COLUMNS } from '../../model/contract.ts';
import { CATEGORIES } from '../../model/spending.ts';
import { medianOf } from '../../model/statistics.ts';
import type { ParityRow } from './case.ts';
import type { Cause } from './change.ts';

export interface CardAgreement {
  readonly card: string;
  readonly pairs: number;
  readonly matching: number;
  /** Among our ten where the source does not have it for that user. */
  readonly missing: number;
  /** Absolute, over all pairs that the source has; paise. */
  readonly median: number;
  readonly worst: number;
  readonly causes: Readonly<Partial<Record<Cause, number>>>;
}

export class CardTally {
  readonly card: string;
  missing = 0;
  matching = 0;
  readonly #sizes: number[] = [];
  readonly #causes: Partial<Record<Cause, number>> = {};

  constructor(card: string) {
    this.card = card;
  }

  add(size: number, matches: boolean): void {
    this.#sizes.push(size);
    if (matches) this.matching++;
  }

  explain(cause: Cause): void {
    this.#causes[cause] = (this.#causes[cause] ?? 0) + 1;
  }

  get sizes(): readonly number[] {
    return this.#sizes;
  }

  result(): CardAgreement {
    const sorted = [...this.#sizes].sort((a, b) => a - b);
    return {
      card: this.card,
      pairs: sorted.length + this.missing,
      matching: this.matching,
      missing: this.missing,
      median: medianOf(sorted),
      worst: sorted.at(-1) ?? 0,
      causes: this.#causes,
    };
  }
}

export interface ColumnAgreement {
  readonly column: string;
  readonly pairs: number;
  readonly matching: number;
  /** Absolute, in hundredths (of a rupee, of a point), ten-thousandths for the rate. */
  readonly worst: number;
}

/** What each column says on both sides, where both say something. */
export class ColumnTally {
  readonly #tolerance: number;
  readonly #columns = new Map<string, { pairs: number; matching: number; worst: number }>();
  /** Of the point columns together. */
  readonly points = { pairs: 0, matching: 0 };

  constructor(tolerance: number) {
    this.#tolerance = tolerance;
  }

  /** Whether all that both say is the same. */
  add(ours: ParityRow, theirs: ParityRow): boolean {
    let same = this.#amount('total_savings_yearly', ours.yearly, theirs.yearly);
    same = this.#amount('joining_fees', ours.joiningFees, theirs.joiningFees) && same;
    same = this.#amount('total_extra_benefits', ours.extra, theirs.extra) && same;
    same = this.#amount('net_savings', ours.net, theirs.net) && same;
    for (const [c, category] of CATEGORIES.entries()) {
      const mine = ours.points[category];
      const rupees = theirs.rupees?.[category];
      // On a cashback card the API has no points: there the rupees are what our points are worth.
      const other = theirs.points[category] ?? rupees;
      const worth =
        rupees === undefined || mine === undefined
          ? mine
          : Math.round((mine * (ours.redemptionRate ?? 10_000)) / 10_000);
      if (worth === undefined || other === undefined) continue;
      const matches = this.#amount(POINT_COLUMNS[c]!.name, worth, other);
      this.points.pairs++;
      if (matches) this.points.matching++;
      same = matches && same;
    }
    if (ours.redemptionMethod !== undefined && theirs.redemptionMethod !== undefined) {
      this.#count('redemption_method', ours.redemptionMethod === theirs.redemptionMethod, 0);
    }
    const [rate, other] = [ours.redemptionRate, theirs.redemptionRate];
    if (rate !== undefined && other !== undefined)
      this.#count('redemption_rate', rate === other, Math.abs(rate - other));
    return same;
  }

  result(): ColumnAgreement[] {
    return [...this.#columns].map(([column, counts]) => ({ column, ...counts }));
  }

  #amount(column: string, ours: number, theirs: number): boolean {
    const size = Math.abs(ours - theirs);
    this.#count(column, size <= this.#tolerance, size);
    return size <= this.#tolerance;
  }

  #count(column: string, matches: boolean, size: number): void {
    const counts = this.#columns.get(column) ?? { pairs: 0, matching: 0, worst: 0 };
    counts.pairs++;
    if (matches) counts.matching++;
    counts.worst = Math.max(counts.worst, size);
    this.#columns.set(column, counts);
  }
}
