/** What could be otherwise about how a card earns: its caps, the order in which they fill, its bands, its rates. */
import type { Cap, Card, EarnRate } from '../../engine/catalog-schema.ts';
import { MONTHS } from '../../engine/periods.ts';
import { CATEGORIES, type Category } from '../../model/spending.ts';
import type { FittedCard } from '../api/card-fit.ts';
import { API_KEYS, KEYS } from '../api/request.ts';
import { type Change, isSame, onCard, rateText } from './change.ts';

const inMonth = (cap: Cap) => cap.points / MONTHS[cap.every];
/** Of the four keys' categories, those that a cap limits. */
export const keysOf = (cap: Cap) => KEYS.filter(key => cap.categories.includes(API_KEYS[key]));

export function capChanges(card: Card, { evidence, earning, rates }: FittedCard): Change[] {
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

export const capText = (caps: readonly Cap[]): string =>
  caps.length === 0
    ? 'no cap'
    : caps
        .map(
          cap =>
            `${cap.points} a ${cap.every.replace('_', '-')}${cap.counts === 'bonus' ? ' of bonus' : ''}${cap.overflow === undefined ? '' : ` and ${rateText(cap.overflow)} beyond`}`,
        )
        .join(', ');

/** Their order in our shared caps and bands. */
export function orderChanges(card: Card, theirs: Card, { evidence, earning }: FittedCard): Change[] {
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

export function bandChanges(card: Card, theirs: Card, { earning }: FittedCard): Change[] {
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

/** The rate of one key. Bands win over rates, so rates explain nothing where bands are. */
export function rateChanges(card: Card, rates: readonly (EarnRate | undefined)[]): Change[] {
  if (card.slabs !== undefined) return [];
  return KEYS.flatMap((key, k) => {
    const category = API_KEYS[key];
    const [mine, other] = [rateIn(card, category), rates[k]];
    if (other === undefined || isSame(mine, other)) return [];
    return [rateChange(category, mine, other)];
  });
}

export const rateChange = (category: Category, mine: EarnRate, other: EarnRate): Change => ({
  cause: 'earn rate',
  detail: `${category}: ${rateText(mine)} here, ${rateText(other)} there`,
  apply: onCard(each => ({ ...each, earn: { ...each.earn, [category]: other } })),
});

export const rateIn = ({ earn }: Card, category: Category): EarnRate => earn[category] ?? earn.base;
