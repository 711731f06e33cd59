/** Fitted cards as a catalogue has them. */

import type { Category } from '../../model/spending.ts';
import type { FittedCard } from './card-fit.ts';
import type { Earning } from './points-fit.ts';
import { unitsPerRupee } from './rates.ts';
import { API_KEYS, KEYS } from './request.ts';

/** A key's categories: Myntra and Ajio stand with the rest, as their spends do in the request. */
const CATEGORIES_OF: readonly (readonly Category[])[] = KEYS.map(key =>
  API_KEYS[key] === 'otherOnline' ? ['otherOnline', 'myntra', 'ajio'] : [API_KEYS[key]],
);

export interface NamedCard {
  readonly id: string;
  readonly displayName?: string | undefined;
  readonly cardGenius?: { readonly id: number } | undefined;
}

export interface CatalogOrigin {
  /** A day, 2026-11-26. */
  readonly day: string;
  readonly source: string;
  /** Cards of ours: one with the same number keeps its id and its display name. */
  readonly known: readonly NamedCard[];
}

/** `because`: why the card is not complete; then it is `unverified`. The shape is that of catalog/cards.json. */
export function catalogCard(fitted: FittedCard, because: readonly string[], origin: CatalogOrigin): object {
  const { card } = fitted.evidence;
  const known = origin.known.find(({ cardGenius }) => card.id !== undefined && cardGenius?.id === card.id);
  const earning = fitted.earning;
  const note = [...because.map(why => `not determined: ${why}`), ...fitted.remarks].join('; ');
  return {
    id: known?.id ?? (card.id === undefined ? `cg_${slug(card.name)}` : `cg_${card.id}`),
    name: card.name.slice(0, 200),
    ...(known?.displayName === undefined ? {} : { displayName: known.displayName }),
    issuer: card.issuer ?? 'not said',
    network: '',
    ...(Object.keys(card.offer).length === 0 ? {} : { offer: card.offer }),
    status: because.length === 0 ? 'open' : 'unverified',
    fees: { joining: (fitted.fee ?? 0) / 100, annual: (card.annualFeeBeforeGst ?? 0) / 100 },
    earn: earning === undefined ? { base: { points: 0, per: 100 } } : earnOf(earning),
    ...(earning?.bands === undefined ? {} : { slabs: slabsOf(earning) }),
    ...(earning === undefined ? {} : capsOf(earning)),
    redemption:
      fitted.redemption.length > 0
        ? fitted.redemption.map(({ method, rate, recommended }) => ({
            method,
            rate,
            ...(recommended ? { recommended } : {}),
          }))
        : [{ method: 'None', rate: 0, recommended: true }],
    ...(fitted.milestones === undefined || fitted.milestones.length === 0 ? {} : { milestones: fitted.milestones }),
    ...(card.id === undefined
      ? {}
      : {
          cardGenius: { id: card.id, name: card.name, ...(fitted.value === undefined ? {} : { rate: fitted.value }) },
        }),
    terms: {
      asOf: origin.day,
      confidence: because.length === 0 ? 'high' : 'low',
      sources: [origin.source],
      ...(note === '' ? {} : { note }),
    },
  };
}

const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, 60);

/** `base` is the rest's rate: Myntra and Ajio have it, too. */
function earnOf({ rates }: Earning): object {
  const rest = rates[KEYS.indexOf('other_online_spends')]!;
  const others = KEYS.flatMap((key, k) => {
    const rate = rates[k]!;
    return key === 'other_online_spends' || unitsPerRupee(rate) === unitsPerRupee(rest)
      ? []
      : [[API_KEYS[key], rate] as const];
  });
  return { base: rest, ...Object.fromEntries(others) };
}

/** Thresholds as they are written for a month, else for the period in which they are whole paise. */
function slabsOf({ bands, earns, order }: Earning): object {
  const [every, months] = (
    [
      ['month', 1],
      ['quarter', 3],
      ['half_year', 6],
      ['year', 12],
    ] as const
  ).find(([, months]) => bands!.every(({ from }) => isWhole(from * months * 100)))!;
  return {
    every,
    order: order.filter(k => earns[k]).flatMap(k => CATEGORIES_OF[k]!),
    bands: bands!.map(({ from, rate }, b) => {
      const next = bands![b + 1];
      return {
        from: Math.round(from * months * 100) / 100,
        ...(next === undefined ? {} : { to: Math.round(next.from * months * 100) / 100 }),
        ...rate,
      };
    }),
  };
}

const isWhole = (value: number): boolean => Math.abs(value - Math.round(value)) < 1e-4;

/** Whether bands can be written down: a threshold in whole paise of some period. */
export const canWriteBands = ({ bands }: Earning): boolean =>
  bands === undefined || [1, 3, 6, 12].some(months => bands.every(({ from }) => isWhole(from * months * 100)));

/** Own caps first, then the card's, in the order in which the API fills. */
function capsOf({ caps, overflows, totalCap, order, earns }: Earning): object {
  const own = order.flatMap(k => {
    const [points, overflow] = [caps[k], overflows[k]];
    if (points === undefined || !earns[k]) return [];
    return [{ categories: CATEGORIES_OF[k]!, points, every: 'month', ...(overflow === undefined ? {} : { overflow }) }];
  });
  const whole =
    totalCap === undefined
      ? []
      : [{ categories: order.flatMap(k => CATEGORIES_OF[k]!), points: totalCap, every: 'month' }];
  const all = [...own, ...whole];
  return all.length === 0 ? {} : { caps: all };
}
