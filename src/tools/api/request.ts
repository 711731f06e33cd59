/**
 * What is sent to the CardGenius API: rupees a month by key. The batch knows four keys; Myntra and Ajio are folded into
 * `other_online_spends`, and compared so.
 */
import { formatHundredths } from '../../model/money.ts';
import type { Category } from '../../model/spending.ts';
import type { ApiBucket, ApiCard } from './answer.ts';

/** The API's keys that stand for ours. Everything here that is "by key" is in this order. */
export const API_KEYS = {
  amazon_spends: 'amazon',
  flipkart_spends: 'flipkart',
  grocery_spends_online: 'grocery',
  other_online_spends: 'otherOnline',
} as const satisfies Readonly<Record<string, Category>>;
export type ApiKey = keyof typeof API_KEYS;
export const KEYS = Object.keys(API_KEYS) as readonly ApiKey[];

/** Rupees a month. */
export type ApiRequest = Readonly<Record<ApiKey, number>>;

/** `spends`: the six, in paise, as deriveSpends gives them. */
export function apiRequest(spends: readonly number[]): ApiRequest {
  const [amazon = 0, flipkart = 0, myntra = 0, ajio = 0, grocery = 0, otherOnline = 0] = spends;
  const rupees = (paise: number) => Number(formatHundredths(paise));
  return {
    amazon_spends: rupees(amazon),
    flipkart_spends: rupees(flipkart),
    grocery_spends_online: rupees(grocery),
    other_online_spends: rupees(otherOnline + myntra + ajio),
  };
}

/** The six amounts (paise, confirmed last) of a user who would send this request: nothing on Myntra and Ajio. */
export function amountsOf(request: ApiRequest): number[] {
  const paise = (key: ApiKey) => Math.round((request[key] ?? 0) * 100);
  const [amazon, flipkart, grocery] = [
    paise('amazon_spends'),
    paise('flipkart_spends'),
    paise('grocery_spends_online'),
  ];
  return [amazon, flipkart, 0, 0, grocery, amazon + flipkart + grocery + paise('other_online_spends')];
}

const NOTHING: ApiBucket = {
  spend: 0,
  savings: 0,
  type: 'points',
  units: 0,
  maxCap: undefined,
  totalMaxCap: undefined,
  rate: undefined,
};

/**
 * A card's buckets by key. One that is not in the answer earned nothing where nothing was spent on it, or where the others make up the
 * card's total; else it is undefined.
 */
export function bucketsOf({ buckets, yearlyTotal }: ApiCard, request: ApiRequest): (ApiBucket | undefined)[] {
  if (KEYS.every(key => buckets.has(key))) return KEYS.map(key => buckets.get(key));
  const monthly = [...buckets.values()].reduce((sum, { savings = Number.NaN }) => sum + savings, 0);
  const isAll = yearlyTotal !== undefined && Math.abs(monthly * 1_200 - yearlyTotal) <= 1;
  return KEYS.map(key => buckets.get(key) ?? (request[key] === 0 || isAll ? NOTHING : undefined));
}
