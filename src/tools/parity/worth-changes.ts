/** What could be otherwise about what a card's points are worth, and what it gives and costs beside them. */
import { redemptionOf } from '../../engine/card-terms.ts';
import type { Card, Rules } from '../../engine/catalog-schema.ts';
import { formatRupees } from '../../model/money.ts';
import type { FittedCard } from '../api/card-fit.ts';
import { type Change, onCard, onRules, type Terms } from './change.ts';

export function ruleChanges({ rules }: Terms, theirs: Pick<Rules, 'points' | 'milestones'>): Change[] {
  const changes: Change[] = [];
  if (rules.points !== theirs.points) {
    const detail = `points of a category are ${rules.points} here, ${theirs.points} there`;
    changes.push({ cause: 'rounding version', detail, apply: onRules({ points: theirs.points }) });
  }
  if (rules.milestones !== theirs.milestones) {
    const text = { earning: 'spend where the card earns', all: 'all spend' };
    const detail = `milestones count ${text[rules.milestones]} here, ${text[theirs.milestones]} there`;
    changes.push({ cause: 'milestone', detail, apply: onRules({ milestones: theirs.milestones }) });
  }
  return changes;
}

export function feeChanges({ card, rules }: Terms, fee: number | undefined, fees: Rules['fees']): Change[] {
  const changes: Change[] = [];
  if (rules.fees !== fees) {
    const detail = fees === 'with_gst' ? 'theirs has 18 % GST' : 'ours has 18 % GST';
    changes.push({ cause: 'fee with GST', detail, apply: onRules({ fees }) });
  }
  if (fee !== undefined && fee !== Math.round(card.fees.joining * 100)) {
    const mine = Math.round(card.fees.joining * 100);
    const isGst = Math.abs(Math.round(fee * 1.18) - mine) <= 1 || Math.abs(Math.round(mine * 1.18) - fee) <= 1;
    changes.push({
      cause: isGst ? 'fee with GST' : 'fee',
      detail: isGst
        ? `${formatRupees(mine)} here, ${formatRupees(fee)} there: ${fee > mine ? 'theirs' : 'ours'} has 18 % GST`
        : `${formatRupees(mine)} here, ${formatRupees(fee)} there, before GST`,
      apply: onCard(each => ({ ...each, fees: { ...each.fees, joining: fee / 100 } })),
    });
  }
  return changes;
}

/** By the other rule with our own options, or by their options. */
export function valueChanges({ card, rules }: Terms, theirs: Card, { value, remarks }: FittedCard): Change[] {
  if (value === undefined) return [];
  const here = redemptionOf(card, rules);
  const there = Math.round(value * 10_000);
  if (here.rate === there) {
    if (remarks.length === 0) return [];
    return [{ cause: 'value of a point', detail: remarks.join('; '), apply: terms => terms }];
  }
  const shown = `₹${here.rate / 10_000} a point here, ₹${there / 10_000} there`;
  const otherRule = rules.redemption === 'recommended' ? 'vouchers_or_cashback' : 'recommended';
  const byRule = redemptionOf(card, { redemption: otherRule });
  if (byRule.rate === there) {
    return [
      {
        cause: 'value of a point',
        detail: `${shown}, by the rule ${otherRule}`,
        apply: onRules({ redemption: otherRule }),
      },
    ];
  }
  const isRecommended = theirs.redemption.find(option => option.recommended === true);
  const why =
    rules.redemption === 'recommended'
      ? ''
      : `; there it is the recommended option, ${isRecommended?.method ?? 'none'}`;
  return [
    {
      cause: 'value of a point',
      detail: `${shown}${why}`,
      apply: terms => ({
        card: { ...terms.card, redemption: theirs.redemption },
        rules: { ...terms.rules, redemption: 'recommended' },
      }),
    },
  ];
}

type Milestones = NonNullable<Card['milestones']>;

/** Each milestone of one side alone; and all of them. */
export function milestoneChanges(
  card: Card,
  theirs: readonly Pick<Milestones[number], 'spend' | 'every' | 'value'>[],
): Change[] {
  const plain = ({ spend, every, value }: Pick<Milestones[number], 'spend' | 'every' | 'value'>) =>
    `${spend} ${every} ${value}`;
  const text = ({ spend, every, value }: Pick<Milestones[number], 'spend' | 'every' | 'value'>) =>
    `${formatRupees(Math.round(value * 100))} for spending ${formatRupees(Math.round(spend * 100))} a ${every.replace('_', '-')}`;
  const ours = (card.milestones ?? []).filter(milestone => milestone.counted !== false);
  const onlyOurs = minus(ours, theirs, plain);
  const onlyTheirs = minus(theirs, ours, plain);
  const drop = (gone: Milestones[number]) => (each: Card) => ({
    ...each,
    milestones: (each.milestones ?? []).filter(milestone => milestone !== gone),
  });
  const add = (milestone: (typeof theirs)[number]) => (each: Card) => ({
    ...each,
    milestones: [...(each.milestones ?? []), { ...milestone, counted: true }],
  });
  if (onlyOurs.length === 1 && onlyTheirs.length === 1) {
    const [mine, other] = [onlyOurs[0]!, onlyTheirs[0]!];
    const detail = `${text(mine)} here, ${text(other)} there`;
    return [{ cause: 'milestone', detail, apply: onCard(each => add(other)(drop(mine)(each))) }];
  }
  return [
    ...onlyOurs.map(milestone => ({
      cause: 'milestone' as const,
      detail: `only ours counts ${text(milestone)}`,
      apply: onCard(drop(milestone)),
    })),
    ...onlyTheirs.map(milestone => ({
      cause: 'milestone' as const,
      detail: `only theirs counts ${text(milestone)}`,
      apply: onCard(add(milestone)),
    })),
  ];
}

/** What `all` has and `without` has not, each as often as it is there too often. */
function minus<T extends U, U>(all: readonly T[], without: readonly U[], keyOf: (each: U) => string): T[] {
  const left = without.map(keyOf);
  return all.filter(each => {
    const at = left.indexOf(keyOf(each));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
