/** All that could be otherwise about a card of ours, for what a source says of it. */
import { redemptionOf } from '../../engine/card-terms.ts';
import type { Card, Rules } from '../../engine/catalog-schema.ts';
import { CATEGORIES } from '../../model/spending.ts';
import type { ApiRules, FittedCard } from '../api/card-fit.ts';
import { chooseRate } from '../api/rates.ts';
import { catalogCard } from '../api/to-catalog.ts';
import type { ParityRow } from './case.ts';
import { type Change, isSame, onCard, type Terms } from './change.ts';
import {
  bandChanges,
  capChanges,
  capText,
  keysOf,
  orderChanges,
  rateChange,
  rateChanges,
  rateIn,
} from './earning-changes.ts';
import { feeChanges, milestoneChanges, ruleChanges, valueChanges } from './worth-changes.ts';

/** What the API is seen to do otherwise, from all its answers for this card. The catalogue's rules come first, the rates last. */
export function changesToFitted(ours: Terms, fitted: FittedCard, apiRules: ApiRules): Change[] {
  const theirs = catalogCard(fitted, [], { day: '', source: '', known: [] }) as unknown as Card;
  return [
    ...ruleChanges(ours, { points: apiRules.whole ? 'whole' : 'exact', milestones: apiRules.milestones }),
    ...feeChanges(ours, fitted.fee, apiRules.fees),
    ...valueChanges(ours, theirs, fitted),
    ...(fitted.milestones === undefined ? [] : milestoneChanges(ours.card, fitted.milestones)),
    ...capChanges(ours.card, fitted),
    ...orderChanges(ours.card, theirs, fitted),
    ...bandChanges(ours.card, theirs, fitted),
    ...(fitted.earning?.bands === undefined ? rateChanges(ours.card, fitted.rates) : []),
  ];
}

/** What one row of a source may mean: there are no answers to fit on, so each is a guess until the figures say it is right. */
export function changesToRow(ours: Terms, theirs: ParityRow, spends: readonly number[]): Change[] {
  const { card, rules } = ours;
  const changes: Change[] = [
    ...ruleChanges(ours, { points: rules.points === 'exact' ? 'whole' : 'exact', milestones: rules.milestones }),
    ...ruleChanges(ours, { points: rules.points, milestones: rules.milestones === 'all' ? 'earning' : 'all' }),
    ...feeChanges(ours, undefined, rules.fees === 'with_gst' ? 'without_gst' : 'with_gst'),
    ...feeChanges(ours, feeBefore(theirs.joiningFees, rules), rules.fees),
    ...milestoneChanges(card, []),
  ];
  const rate = theirs.redemptionRate;
  if (rate !== undefined && rate !== redemptionOf(card, rules).rate) {
    changes.push({
      cause: 'value of a point',
      detail: `₹${redemptionOf(card, rules).rate / 10_000} a point here, ₹${rate / 10_000} there`,
      apply: terms => ({
        card: { ...terms.card, redemption: [{ method: 'Cashback', rate: rate / 10_000, recommended: true }] },
        rules: terms.rules,
      }),
    });
  }
  for (const cap of card.caps ?? []) {
    changes.push({
      cause: keysOf(cap).length > 1 ? 'card cap' : 'own cap',
      detail: `${cap.categories.join(', ')}: ${capText([cap])} here, no cap there`,
      apply: onCard(each => ({ ...each, caps: (each.caps ?? []).filter(other => other !== cap) })),
    });
  }
  if (card.slabs === undefined) {
    for (const [c, category] of CATEGORIES.entries()) {
      const [spend, points] = [spends[c]! / 100, theirs.points[category]];
      if (!(spend > 0) || points === undefined) continue;
      const other = chooseRate({ low: (points - 0.5) / 100 / spend, high: (points + 0.5) / 100 / spend });
      if (other !== undefined && !isSame(other, rateIn(card, category)))
        changes.push(rateChange(category, rateIn(card, category), other));
    }
  }
  return changes;
}

const feeBefore = (paise: number, rules: Rules): number =>
  rules.fees === 'with_gst' ? Math.round(paise / 1.18) : paise;
