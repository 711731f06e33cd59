/** What could be otherwise about a card of ours, one thing each, so that the difference it makes can be tried. */
import { redemptionOf } from '../../engine/card-terms.ts';
import { type Cap, type Card, type EarnRate, MONTHS, type Rules } from '../../engine/catalog-schema.ts';
import { formatRupees } from '../../model/money.ts';
import { CATEGORIES, type Category } from '../../model/spending.ts';
import type { ApiRules, FittedCard } from '../api/card-fit.ts';
import { chooseRate, unitsPerRupee } from '../api/rates.ts';
import { API_KEYS, KEYS } from '../api/request.ts';
import { catalogCard } from '../api/to-catalog.ts';
import type { ParityRow } from './case.ts';

export const CAUSES = [
  'fee with GST',
  'fee',
  'value of a point',
  'rounding version',
  'milestone',
  'own cap',
  'card cap',
  'fill order',
  'bands',
  'earn rate',
  'other spends',
  'card unknown',
  'card not offered',
  'unexplained',
] as const;
export type Cause = (typeof CAUSES)[number];

export interface Terms {
  readonly card: Card;
  readonly rules: Rules;
}

/** One thing changed. */
export interface Change {
  readonly cause: Cause;
  readonly detail: string;
  apply(terms: Terms): Terms;
}

const onCard =
  (edit: (card: Card) => Card): Change['apply'] =>
  ({ card, rules }) => ({ card: edit(card), rules });
const onRules =
  (rules: Partial<Rules>): Change['apply'] =>
  terms => ({ card: terms.card, rules: { ...terms.rules, ...rules } });

const rateText = ({ points, per }: EarnRate) => `${points} for every ₹${per}`;
const rateIn = ({ earn }: Card, category: Category): EarnRate => earn[category] ?? earn.base;
const isSame = (a: EarnRate, b: EarnRate) => Math.abs(unitsPerRupee(a) - unitsPerRupee(b)) < 1e-12;

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

function ruleChanges({ rules }: Terms, theirs: Pick<Rules, 'points' | 'milestones'>): Change[] {
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

function feeChanges({ card, rules }: Terms, fee: number | undefined, fees: Rules['fees']): Change[] {
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
function valueChanges({ card, rules }: Terms, theirs: Card, { value, remarks }: FittedCard): Change[] {
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
function milestoneChanges(
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

const inMonth = (cap: Cap) => cap.points / MONTHS[cap.every];
/** Of the four keys' categories, those that a cap limits. */
const keysOf = (cap: Cap) => KEYS.filter(key => cap.categories.includes(API_KEYS[key]));

function capChanges(card: Card, { evidence, earning, rates }: FittedCard): Change[] {
  const caps = card.caps ?? [];
  const [ownCaps, totalCap] = [earning?.caps ?? evidence.caps, evidence.totalCap];
  const changes: Change[] = [];
  const own = (category: Category) => (cap: Cap) => keysOf(cap).length === 1 && cap.categories.includes(category);
  for (const [k, key] of KEYS.entries()) {
    const category = API_KEYS[key];
    const mine = caps.filter(own(category));
    const theirs = rates[k]?.points === 0 ? undefined : ownCaps[k];
    const overflow = earning?.overflows[k];
    const alike =
      theirs === undefined
        ? mine.length === 0
        : mine.length === 1 &&
          inMonth(mine[0]!) === theirs &&
          sameOverflow(mine[0]!.overflow, overflow) &&
          mine[0]!.counts === 'total';
    if (alike) continue;
    const cap = theirs === undefined ? [] : [capOf(category, theirs, overflow)];
    changes.push({
      cause: 'own cap',
      detail: `${category}: ${capText(mine)} here, ${theirs === undefined ? 'no cap' : `${theirs} a month`} there`,
      apply: onCard(each => ({ ...each, caps: [...cap, ...(each.caps ?? []).filter(other => !own(category)(other))] })),
    });
  }
  const shared = caps.filter(cap => keysOf(cap).length > 1);
  const isWhole =
    shared.length === 1 &&
    keysOf(shared[0]!).length === KEYS.length &&
    shared[0]!.overflow === undefined &&
    shared[0]!.counts === 'total';
  const alike = totalCap === undefined ? shared.length === 0 : isWhole && inMonth(shared[0]!) === totalCap;
  if (!alike) {
    const order = earning?.order ?? evidence.listed;
    const categories = order.flatMap(k => categoriesOf(API_KEYS[KEYS[k]!]));
    const whole: Cap[] =
      totalCap === undefined ? [] : [{ categories, points: totalCap, every: 'month', counts: 'total' }];
    changes.push({
      cause: 'card cap',
      detail: `${capText(shared)} here, ${totalCap === undefined ? 'no cap' : `${totalCap} a month`} there`,
      apply: onCard(each => ({
        ...each,
        caps: [...(each.caps ?? []).filter(cap => keysOf(cap).length <= 1), ...whole],
      })),
    });
  }
  return changes;
}

const sameOverflow = (a: EarnRate | undefined, b: EarnRate | undefined): boolean =>
  a === undefined || b === undefined ? (a ?? b) === undefined || (a ?? b)!.points === 0 : isSame(a, b);

const categoriesOf = (category: Category): Category[] =>
  category === 'otherOnline' ? ['otherOnline', 'myntra', 'ajio'] : [category];

const capOf = (category: Category, points: number, overflow: EarnRate | undefined): Cap => ({
  categories: categoriesOf(category),
  points,
  every: 'month',
  counts: 'total',
  ...(overflow === undefined ? {} : { overflow }),
});

const capText = (caps: readonly Cap[]): string =>
  caps.length === 0
    ? 'no cap'
    : caps
        .map(
          cap =>
            `${cap.points} a ${cap.every.replace('_', '-')}${cap.counts === 'bonus' ? ' of bonus' : ''}${cap.overflow === undefined ? '' : ` and ${rateText(cap.overflow)} beyond`}`,
        )
        .join(', ');

/** Their order in our shared caps and bands. */
function orderChanges(card: Card, theirs: Card, { evidence, earning }: FittedCard): Change[] {
  const order = (earning?.order ?? evidence.listed).flatMap(k => categoriesOf(API_KEYS[KEYS[k]!]));
  const place = (category: Category) => (order.includes(category) ? order.indexOf(category) : order.length);
  const sorted = (list: readonly Category[]) => [...list].sort((a, b) => place(a) - place(b));
  const isSorted = (list: readonly Category[]) => sorted(list).every((category, i) => category === list[i]);
  const shared = (card.caps ?? []).filter(cap => keysOf(cap).length > 1);
  const slabOrder = card.slabs?.order;
  const isBanded = card.slabs !== undefined && theirs.slabs !== undefined;
  if (shared.every(cap => isSorted(cap.categories)) && (!isBanded || (slabOrder !== undefined && isSorted(slabOrder))))
    return [];
  const ours = slabOrder ?? shared[0]?.categories ?? [];
  return [
    {
      cause: 'fill order',
      detail: `${ours.length === 0 ? 'in proportion' : ours.join(', ')} here, ${sorted(ours.length === 0 ? CATEGORIES : ours).join(', ')} there`,
      apply: onCard(each => ({
        ...each,
        ...(each.caps === undefined
          ? {}
          : { caps: each.caps.map(cap => ({ ...cap, categories: sorted(cap.categories) })) }),
        ...(each.slabs === undefined
          ? {}
          : { slabs: { ...each.slabs, order: sorted(each.slabs.order ?? theirs.slabs?.order ?? CATEGORIES) } }),
      })),
    },
  ];
}

function bandChanges(card: Card, theirs: Card, { earning }: FittedCard): Change[] {
  if (earning === undefined) return [];
  const text = (slabs: Card['slabs']) =>
    slabs === undefined
      ? 'none'
      : slabs.bands.map(band => `${rateText(band)} from ₹${band.from} a ${slabs.every.replace('_', '-')}`).join(', ');
  const plain = (slabs: Card['slabs']) =>
    slabs && JSON.stringify(slabs.bands.map(band => [band.from / MONTHS[slabs.every], band.points / band.per]));
  const members = (slabs: Card['slabs']) => slabs && [...(slabs.order ?? CATEGORIES)].sort().join();
  if (plain(card.slabs) === plain(theirs.slabs) && members(card.slabs) === members(theirs.slabs)) return [];
  return [
    {
      cause: 'bands',
      detail: `${text(card.slabs)} here, ${text(theirs.slabs)} there`,
      apply: onCard(({ slabs: _, ...each }) =>
        theirs.slabs === undefined ? { ...each, earn: theirs.earn } : { ...each, slabs: theirs.slabs },
      ),
    },
  ];
}

/** The rate of one key. Bands win over rates, so that rates explain nothing where bands are. */
function rateChanges(card: Card, rates: readonly (EarnRate | undefined)[]): Change[] {
  if (card.slabs !== undefined) return [];
  return KEYS.flatMap((key, k) => {
    const category = API_KEYS[key];
    const [mine, other] = [rateIn(card, category), rates[k]];
    if (other === undefined || isSame(mine, other)) return [];
    return [rateChange(category, mine, other)];
  });
}

const rateChange = (category: Category, mine: EarnRate, other: EarnRate): Change => ({
  cause: 'earn rate',
  detail: `${category}: ${rateText(mine)} here, ${rateText(other)} there`,
  apply: onCard(each => ({ ...each, earn: { ...each.earn, [category]: other } })),
});

/** What one row of a source may mean: there are no answers to fit on, so each is a guess until the figures say it is right. */
export function changesToRow(ours: Terms, theirs: ParityRow, spends: readonly number[]): Change[] {
  const { card, rules } = ours;
  const changes: Change[] = [
    ...ruleChanges(ours, { points: rules.points === 'exact' ? 'whole' : 'exact', milestones: rules.milestones }),
    ...ruleChanges(ours, { points: rules.points, milestones: rules.milestones === 'all' ? 'earning' : 'all' }),
    ...feeChanges(ours, undefined, rules.fees === 'with_gst' ? 'without_gst' : 'with_gst'),
    ...feeChanges(ours, feeBefore(theirs.joiningFees, rules), rules.fees),
    ...milestoneDrops(card),
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

const milestoneDrops = (card: Card): Change[] => milestoneChanges(card, []);
