/**
 * How a card earns, from observations: rates, own caps, the card's cap, bands in their order. The model is that of the API's second
 * version (docs/parity.md): own cap first, then the card's room, filled key after key in the order of the API's list.
 */
import type { EarnRate } from '../../engine/catalog-schema.ts';
import { roundHalfUp } from './answer.ts';
import { type CurveBand, fitCurve, type Sample } from './curve.ts';
import type { CardEvidence, Observation } from './evidence.ts';
import { chooseRate, EVERYTHING, type Interval, isEmpty, meet, unitsPerRupee } from './rates.ts';
import { type ApiKey, KEYS } from './request.ts';

/** By key: in the order of KEYS. */
export interface Earning {
  readonly rates: readonly EarnRate[];
  readonly caps: readonly (number | undefined)[];
  /** What spend beyond an own cap still earns. */
  readonly overflows: readonly (EarnRate | undefined)[];
  readonly totalCap: number | undefined;
  /** Marginal bands on the running sum of the keys that earn, a month; they win over the rates. */
  readonly bands: readonly CurveBand[] | undefined;
  /** Which keys earn at all. */
  readonly earns: readonly boolean[];
  /** Keys as numbers, in the order in which bands and room are filled. */
  readonly order: readonly number[];
}

/** What is not determined, and the request that would determine it. */
export interface Gap {
  readonly field: string;
  readonly why: string;
  readonly request?: Readonly<Partial<Record<ApiKey, number>>> | undefined;
}

export interface FitRules {
  /** Points are rounded to whole ones, key by key, before caps: the API's first version. */
  readonly whole: boolean;
  /** How exact the answers' figures are: half of their last place. */
  readonly place: number;
}

type Fit = { readonly earning: Earning } | { readonly gaps: readonly Gap[] };

/** `rates`: those that are known where the whole is not, by key. */
export type EarningFit =
  | { readonly earning: Earning }
  | { readonly gaps: readonly Gap[]; readonly rates: readonly (EarnRate | undefined)[] };

/** How far an observed figure may be from what was computed. */
const slackOf =
  ({ whole, place }: FitRules) =>
  (units: number): number =>
    (whole ? 0.5 : place) + Math.abs(units) * 1e-9;

/** Units a month by key for spends by key. */
function earningsOf(earning: Earning, spends: readonly number[], whole: boolean): number[] {
  const units = spends.map(() => 0);
  let [room, run] = [earning.totalCap ?? Number.POSITIVE_INFINITY, 0];
  for (const k of earning.order) {
    const spend = spends[k]!;
    let earned = spend * unitsPerRupee(earning.rates[k]!);
    if (earning.bands !== undefined) {
      earned = earning.earns[k]! ? upTo(earning.bands, run + spend) - upTo(earning.bands, run) : 0;
      if (earning.earns[k]!) run += spend;
    }
    if (whole) earned = roundHalfUp(earned);
    const cap = earning.caps[k];
    if (cap !== undefined && earned > cap) {
      const [rate, overflow] = [unitsPerRupee(earning.rates[k]!), earning.overflows[k]];
      earned = cap + (overflow === undefined ? 0 : ((earned - cap) / rate) * unitsPerRupee(overflow));
    }
    units[k] = Math.min(earned, room);
    room -= units[k]!;
  }
  return units;
}

function upTo(bands: readonly CurveBand[], spend: number): number {
  let units = 0;
  for (const [b, { from, rate }] of bands.entries()) {
    if (spend <= from) break;
    units += (Math.min(spend, bands[b + 1]?.from ?? Number.POSITIVE_INFINITY) - from) * unitsPerRupee(rate);
  }
  return units;
}

export function fitEarning(evidence: CardEvidence, rules: FitRules): EarningFit {
  const slack = slackOf(rules);
  const flat = fitFlat(evidence, slack);
  const { rates } = flat;
  const gaps: Gap[] = [];
  if ('earning' in flat) {
    const ordered = inSomeOrder(flat.earning, evidence, rules);
    if (ordered !== undefined) return { earning: ordered };
  } else {
    gaps.push(...flat.gaps);
    if (!flat.isBent) return { gaps, rates };
  }
  for (const fit of [fitBands(evidence, slack), fitOwnCurves(evidence, slack)]) {
    if ('gaps' in fit) {
      gaps.push(...fit.gaps);
      continue;
    }
    const ordered = inSomeOrder(fit.earning, evidence, rules);
    if (ordered !== undefined) return { earning: ordered };
  }
  const asking = gaps.filter(gap => gap.request !== undefined);
  if (asking.length > 0) return { gaps: asking, rates };
  return { rates, gaps: [gaps[0] ?? misfitGap('earning' in flat ? flat.earning : undefined, evidence, rules)] };
}

const requestOf = (k: number, rupees: number): Partial<Record<ApiKey, number>> => ({
  [KEYS[k]!]: Math.max(1, Math.round(rupees * 100) / 100),
});

/** Whether the card's room, or a key's own cap, was not used up: then its units are what its rate gives. */
function isRoomLeft(
  { totalCap }: CardEvidence,
  { units, otherUnits }: Observation,
  slack: (y: number) => number,
): boolean {
  if (totalCap === undefined) return true;
  const sum = units.reduce<number>((total, each) => total + (each ?? 0), otherUnits);
  return sum < totalCap - slack(sum);
}

const isBelowCap = (cap: number | undefined, units: number, slack: (y: number) => number): boolean =>
  cap === undefined || units < cap - slack(units);

type Flat = { readonly rates: readonly (EarnRate | undefined)[] } & (
  | { readonly earning: Earning }
  | { readonly gaps: readonly Gap[]; readonly isBent: boolean }
);

/** A rate a key. `isBent`: some key has no single rate, so bands or an overflow are in play. */
function fitFlat(evidence: CardEvidence, slack: (y: number) => number): Flat {
  const gaps: Gap[] = [];
  let isBent = false;
  const rates = KEYS.map((key, k) => {
    let interval: Interval = EVERYTHING;
    let [most, least, largest] = [0, Number.POSITIVE_INFINITY, 0];
    for (const observation of evidence.observations) {
      const [spend, units] = [observation.spends[k]!, observation.units[k]];
      if (!(spend > 0) || units === undefined) continue;
      least = Math.min(least, spend);
      if (!isBelowCap(evidence.caps[k], units, slack) || !isRoomLeft(evidence, observation, slack)) continue;
      most = Math.max(most, spend);
      largest = Math.max(largest, units);
      interval = meet(interval, { low: (units - slack(units)) / spend, high: (units + slack(units)) / spend });
    }
    if (most === 0) {
      const why = least === Number.POSITIVE_INFINITY ? `no answer spends on ${key}` : 'every answer reaches a cap';
      gaps.push({ field: `earn.${key}`, why, request: requestOf(k, Math.min(500, least / 10)) });
      return undefined;
    }
    if (isEmpty(interval)) {
      isBent = true;
      gaps.push({ field: `earn.${key}`, why: 'no single rate gives what was answered' });
      return undefined;
    }
    const rate = chooseRate(largest === 0 ? { low: 0, high: most >= 100 ? 0 : interval.high } : interval);
    if (rate === undefined) {
      // A larger spend tells, as long as it stays below the caps.
      const cap = Math.min(evidence.caps[k] ?? Number.POSITIVE_INFINITY, evidence.totalCap ?? Number.POSITIVE_INFINITY);
      const below = (0.97 * cap) / Math.max(interval.high, 1e-9);
      const larger = Math.min(most * 7, below);
      const request = larger > most * 1.02 ? requestOf(k, larger) : undefined;
      gaps.push({
        field: `earn.${key}`,
        why: `several rates fit${request === undefined ? ', and a cap hides which' : ''}`,
        request,
      });
    }
    return rate;
  });
  if (gaps.length > 0) return { rates, gaps, isBent };
  return { rates, earning: earningWith(evidence, rates as EarnRate[], {}) };
}

function earningWith(evidence: CardEvidence, rates: readonly EarnRate[], more: Partial<Earning>): Earning {
  return {
    rates,
    caps: evidence.caps,
    overflows: KEYS.map(() => undefined),
    totalCap: evidence.totalCap,
    bands: undefined,
    earns: rates.map(rate => rate.points > 0),
    order: evidence.listed,
    ...more,
  };
}

/** Bands on the running sum: each answer shows the curve at up to four places. */
function fitBands(evidence: CardEvidence, slack: (y: number) => number): Fit {
  const earns = KEYS.map((_, k) => evidence.observations.some(({ units }) => (units[k] ?? 0) > 0));
  const room = evidence.totalCap ?? Number.POSITIVE_INFINITY;
  const samples: Sample[] = [];
  let [widest, full] = [0, Number.POSITIVE_INFINITY];
  for (const { spends, units, otherUnits } of evidence.observations) {
    if (otherUnits > 0) continue;
    let [x, y] = [0, 0];
    for (const k of evidence.listed) {
      const each = units[k];
      if (!earns[k] || spends[k] === 0) continue;
      if (each === undefined || !isBelowCap(evidence.caps[k], each, slack)) break;
      x += spends[k]!;
      y += each;
      if (y >= room - slack(y)) {
        full = Math.min(full, x);
        break;
      }
      samples.push({ x, y });
      widest = Math.max(widest, x);
    }
  }
  const curve = fitCurve(samples, y => 4 * slack(y));
  const key = evidence.listed.find(k => earns[k]);
  if (key === undefined) return { gaps: [] };
  if ('ask' in curve) {
    return { gaps: [{ field: 'slabs', why: 'its bands are not all seen', request: requestOf(key, curve.ask) }] };
  }
  // Full earlier than what was seen would fill it: a band lies between.
  if (full < Number.POSITIVE_INFINITY && upTo(curve.bands, full) < room - 4 * slack(room)) {
    const between = requestOf(key, Math.sqrt(widest * full));
    return { gaps: [{ field: 'slabs', why: 'a band lies below the card’s cap', request: between }] };
  }
  const rates = earns.map(does => (does ? curve.bands[0]!.rate : { points: 0, per: 100 }));
  return { earning: earningWith(evidence, rates, { bands: curve.bands, earns }) };
}

/** An own cap that the answer does not state, or beyond which spend still earns. */
function fitOwnCurves(evidence: CardEvidence, slack: (y: number) => number): Fit {
  const gaps: Gap[] = [];
  const fits = KEYS.map((key, k) => {
    const samples = evidence.observations.flatMap(observation => {
      const [x, y] = [observation.spends[k]!, observation.units[k]];
      return x > 0 && y !== undefined && isRoomLeft(evidence, observation, slack) ? [{ x, y }] : [];
    });
    const curve = fitCurve(samples, slack);
    if ('ask' in curve) {
      gaps.push({ field: `earn.${key}`, why: 'its curve is not all seen', request: requestOf(k, curve.ask) });
      return undefined;
    }
    const [first, second, ...more] = curve.bands;
    if (second === undefined) return { rate: first!.rate, cap: evidence.caps[k], overflow: undefined };
    if (more.length > 0 || unitsPerRupee(second.rate) > unitsPerRupee(first!.rate)) {
      gaps.push({ field: `earn.${key}`, why: 'its curve does not fit a rate and a cap' });
      return undefined;
    }
    const cap = Math.round(second.from * unitsPerRupee(first!.rate) * 10_000) / 10_000;
    return { rate: first!.rate, cap, overflow: second.rate.points === 0 ? undefined : second.rate };
  });
  if (gaps.length > 0) return { gaps };
  return {
    earning: earningWith(
      evidence,
      fits.map(fit => fit!.rate),
      { caps: fits.map(fit => fit!.cap), overflows: fits.map(fit => fit!.overflow) },
    ),
  };
}

/** The same with the order that gives what was answered: the API's own list first. Undefined where no order does. */
function inSomeOrder(earning: Earning, evidence: CardEvidence, rules: FitRules): Earning | undefined {
  const listed = [...earning.order, ...KEYS.map((_, k) => k).filter(k => !earning.order.includes(k))];
  const orders = earning.totalCap === undefined && earning.bands === undefined ? [listed] : permutations(listed);
  for (const order of orders) {
    const candidate = { ...earning, order };
    if (misfitOf(candidate, evidence, rules) === undefined) return candidate;
  }
  return undefined;
}

/** The first observation that the model does not give. Where other keys took part in a cap or in bands, nothing can be said. */
function misfitOf(earning: Earning, evidence: CardEvidence, rules: FitRules): Observation | undefined {
  const slack = slackOf(rules);
  const isShared = earning.totalCap !== undefined || earning.bands !== undefined;
  return evidence.observations.find(({ spends, units, otherUnits }) => {
    if (isShared && otherUnits > 0) return false;
    const computed = earningsOf(earning, spends, rules.whole);
    return units.some(
      (each, k) => each !== undefined && Math.abs(each - computed[k]!) > (rules.whole ? 1e-6 : 2 * slack(each)),
    );
  });
}

function misfitGap(earning: Earning | undefined, evidence: CardEvidence, rules: FitRules): Gap {
  const misfit = earning && misfitOf(earning, evidence, rules);
  if (misfit === undefined) return { field: 'earn', why: 'no rates, caps and bands give what was answered' };
  const spends = misfit.spends.map((spend, k) => `${KEYS[k]} ${spend}`).join(', ');
  return { field: 'earn', why: `no order of filling gives what was answered for ${spends}` };
}

function permutations(list: readonly number[]): number[][] {
  if (list.length <= 1) return [[...list]];
  return list.flatMap((head, i) => permutations(list.toSpliced(i, 1)).map(tail => [head, ...tail]));
}
