/** What explains that a card's figures are not the same on both sides. */
import { DEFAULT_RULES } from '../../engine/card-terms.ts';
import type { Card } from '../../engine/catalog-schema.ts';
import { computeExactly } from '../../engine/exact.ts';
import { explainCard } from '../../engine/explain.ts';
import { formatRupees } from '../../model/money.ts';
import { CATEGORIES, type Category } from '../../model/spending.ts';
import type { ParityRow } from './case.ts';

export const CAUSES = [
  'fee with GST',
  'fee',
  'milestone',
  'redemption rate',
  'cap',
  'earn rate',
  'unexplained',
] as const;
export type Cause = (typeof CAUSES)[number];

export interface Reason {
  readonly cause: Cause;
  readonly detail: string;
}

export interface Sides {
  readonly ours: ParityRow;
  readonly theirs: ParityRow;
  /** The card as the catalogue has it; undefined for an engine of one's own. */
  readonly card: Card | undefined;
  /** The six spends, paise; undefined where they are not known. */
  readonly spends: readonly number[] | undefined;
  /** Paise (or hundredths of points) that do not count as a difference. */
  readonly tolerance: number;
}

/** Why two rows of a card differ; empty where they do not. One difference may have several reasons. */
export function reasonsFor(sides: Sides): Reason[] {
  const { ours, theirs, tolerance } = sides;
  const far = (a: number, b: number) => Math.abs(a - b) > tolerance;
  return [
    ...(far(ours.joiningFees, theirs.joiningFees) ? [feeReason(sides)] : []),
    ...(far(ours.extra, theirs.extra) ? [milestoneReason(sides)] : []),
    ...(far(ours.yearly, theirs.yearly) ? savingsReasons(sides) : []),
  ];
}

function feeReason({ ours, theirs, tolerance }: Sides): Reason {
  const [fee, other] = [ours.joiningFees, theirs.joiningFees];
  const shown = `${formatRupees(fee)} here, ${formatRupees(other)} there`;
  const isGst =
    Math.abs(other - fee * 1.18) <= Math.max(1, tolerance) || Math.abs(fee - other * 1.18) <= Math.max(1, tolerance);
  return isGst
    ? { cause: 'fee with GST', detail: `${shown}: ${other > fee ? 'theirs' : 'ours'} has 18 % GST` }
    : { cause: 'fee', detail: shown };
}

/** Looks for the one milestone that only one side counts. */
function milestoneReason({ ours, theirs, card, spends, tolerance }: Sides): Reason {
  const difference = theirs.extra - ours.extra;
  const shown = `${formatRupees(ours.extra)} here, ${formatRupees(theirs.extra)} there`;
  if (card !== undefined && spends !== undefined) {
    for (const step of explainCard(card, spends, DEFAULT_RULES).milestones) {
      const value = step.value * step.timesAYear;
      if (Math.abs(Math.abs(difference) - value) > tolerance) continue;
      const side = difference > 0 ? 'only theirs counts' : 'only ours counts';
      return {
        cause: 'milestone',
        detail: `${shown}: ${side} ${formatRupees(value)} a year for spending ${formatRupees(Math.round(Number(step.target.numerator * 100n) / Number(step.target.denominator)))} a ${step.every}`,
      };
    }
  }
  return { cause: 'milestone', detail: shown };
}

function savingsReasons(sides: Sides): Reason[] {
  const { ours, theirs, tolerance } = sides;
  const reasons: Reason[] = [];
  let explained = ours.yearly;
  const [rate, otherRate] = [ours.redemptionRate, theirs.redemptionRate];
  if (rate !== undefined && otherRate !== undefined && rate !== otherRate) {
    reasons.push({ cause: 'redemption rate', detail: `₹${rate / 10_000} a point here, ₹${otherRate / 10_000} there` });
    explained = rate === 0 ? Number.NaN : (ours.yearly * otherRate) / rate;
  }
  // Rounding of ours is scaled along with a rate.
  if (Math.abs(explained - theirs.yearly) <= Math.max(tolerance, reasons.length * 100)) return reasons;
  const points = pointReasons(sides);
  if (points.length > 0) return [...reasons, ...points];
  const uncapped = uncappedReason(sides);
  if (uncapped !== undefined) return [...reasons, uncapped];
  const shown = `${formatRupees(ours.yearly)} here, ${formatRupees(theirs.yearly)} there`;
  return reasons.length > 0 ? reasons : [{ cause: 'unexplained', detail: shown }];
}

/** Points that differ: by a cap where one binds on either side, else by the rate at which they are earned. */
function pointReasons({ ours, theirs, card, spends, tolerance }: Sides): Reason[] {
  const bound = new Set(
    card === undefined || spends === undefined
      ? []
      : explainCard(card, spends, DEFAULT_RULES).caps.flatMap(step =>
          step.bound ? step.fills.map(fill => CATEGORIES[fill.category]!) : [],
        ),
  );
  const capped = new Set(card?.caps?.flatMap(cap => cap.categories));
  const reasons = new Map<Cause, string>();
  for (const category of CATEGORIES) {
    const [mine, other] = [ours.points[category], theirs.points[category]];
    if (mine === undefined || other === undefined || Math.abs(mine - other) <= tolerance) continue;
    const theirCap = theirs.maxCaps?.[category];
    const theirsBinds =
      theirCap !== undefined && fillOf(theirs, category, card) >= theirCap - CATEGORIES.length * (tolerance + 1);
    const isCap = bound.has(category) || theirsBinds || (spends === undefined && capped.has(category));
    const limit = theirsBinds ? ` (their cap: ${theirCap / 100})` : bound.has(category) ? ' (our cap binds)' : '';
    const cause = isCap ? 'cap' : 'earn rate';
    const detail = `${category}: ${mine / 100} points here, ${other / 100} there${limit}`;
    reasons.set(cause, reasons.has(cause) ? `${reasons.get(cause)}; ${detail}` : detail);
  }
  return [...reasons].map(([cause, detail]) => ({ cause, detail }));
}

/** Their points in a category and in those that share a cap with it, where they share one here. */
function fillOf(theirs: ParityRow, category: Category, card: Card | undefined): number {
  const groups = (card?.caps ?? []).map(cap => cap.categories).filter(group => group.includes(category));
  const sums = [[category], ...groups].map(group => group.reduce((sum, each) => sum + (theirs.points[each] ?? 0), 0));
  return Math.max(...sums);
}

/** Where a source tells no points: would ours be theirs without any cap? */
function uncappedReason({ ours, theirs, card, spends, tolerance }: Sides): Reason | undefined {
  if (card === undefined || spends === undefined || (card.caps ?? []).length === 0) return undefined;
  const rate = theirs.redemptionRate ?? ours.redemptionRate;
  if (rate === undefined) return undefined;
  const { caps: _, ...without } = card;
  const { yearly } = computeExactly(without, spends, { redemptionRate: rate, rules: DEFAULT_RULES });
  if (Math.abs(yearly - theirs.yearly) > tolerance) return undefined;
  return {
    cause: 'cap',
    detail: `theirs is without any cap: ${formatRupees(ours.yearly)} here, ${formatRupees(yearly)} there`,
  };
}
