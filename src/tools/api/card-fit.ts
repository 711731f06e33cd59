/** A whole card from what the API answered: how it earns, what a point is worth, its milestones and its fee. */
import type { EarnRate } from '../../engine/catalog-schema.ts';
import type { Period } from '../../engine/periods.ts';
import { formatHundredths, formatRupees } from '../../model/money.ts';
import { type ApiMilestone, type ApiRedemption, roundHalfUp } from './answer.ts';
import type { CardEvidence, Evidence, Observation } from './evidence.ts';
import { type Earning, type FitRules, fitEarning, type Gap } from './points-fit.ts';
import { KEYS } from './request.ts';

/** What is true of all cards of the API. */
export interface ApiRules extends FitRules {
  /** Which spend a milestone counts. */
  readonly milestones: 'earning' | 'all';
  /** Whether `joining_fees` has 18 % GST. */
  readonly fees: 'with_gst' | 'without_gst';
}

export interface FittedMilestone {
  readonly spend: number;
  readonly every: Period;
  /** Rupees a period. */
  readonly value: number;
}

export interface FittedCard {
  readonly evidence: CardEvidence;
  readonly earning: Earning | undefined;
  /** Rates by key that the answers show where the whole is not determined. */
  readonly rates: readonly (EarnRate | undefined)[];
  /** Rupees for a unit, at four decimals, and the options with the one that counts marked; undefined where it is not determined. */
  readonly value: number | undefined;
  readonly redemption: readonly (ApiRedemption & { readonly recommended: boolean })[];
  readonly milestones: readonly FittedMilestone[] | undefined;
  /** Paise before GST. */
  readonly fee: number | undefined;
  readonly gaps: readonly Gap[];
  /** What is known and a little wrong, as a value of more than four decimals. */
  readonly remarks: readonly string[];
}

const EVERY: readonly (readonly [from: number, to: number, every: Period])[] = [
  [28, 31, 'month'],
  [89, 93, 'quarter'],
  [178, 184, 'half_year'],
  [360, 366, 'year'],
];
const MONTHS: Readonly<Record<Period, number>> = { month: 1, quarter: 3, half_year: 6, year: 12 };

const withGst = (paise: number): number => Math.floor((paise * 118 + 50) / 100);

/** The common rules are fitted over all cards. */
export function rulesOf(evidence: Evidence): ApiRules {
  let [whole, broken, cents] = [0, 0, 0];
  let [gst, noGst] = [0, 0];
  for (const { card, observations, types } of evidence.cards.values()) {
    for (const { units } of observations) {
      for (const [k, each] of units.entries()) {
        if (each === undefined || each === 0 || types[k] === 'cashback') continue;
        if (Number.isInteger(each)) whole++;
        else if (Math.abs(each * 100 - Math.round(each * 100)) < 1e-6) cents++;
        else broken++;
      }
    }
    const { fee, feeBeforeGst } = card;
    if (fee === undefined || fee === 0) continue;
    if (feeBeforeGst !== undefined && Math.abs(withGst(feeBeforeGst) - fee) <= 1) gst++;
    else noGst++;
  }
  return {
    whole: broken + cents === 0 && whole >= 20,
    place: broken > 0 ? 1e-7 : 0.005,
    fees: gst > 0 && gst >= noGst ? 'with_gst' : 'without_gst',
    milestones: milestoneRule(evidence),
  };
}

/** Counts on how many observations each reading of the milestones gives the answer's extra benefits. */
function milestoneRule(evidence: Evidence): 'earning' | 'all' {
  let [earning, all] = [0, 0];
  for (const card of evidence.cards.values()) {
    const value = valueOfUnit(card, 1e-7).value;
    const milestones = value === undefined ? [] : milestonesOf(card.card.milestones, value);
    if (milestones === undefined || milestones.length === 0) continue;
    const earns = KEYS.map((_, k) => card.observations.some(({ units }) => (units[k] ?? 0) > 0));
    for (const observation of card.observations) {
      if (observation.otherSpend > 0 || observation.extra === undefined) continue;
      const far = (spend: number) => Math.abs(extraOf(milestones, spend) - observation.extra!) > 1;
      if (!far(earningSpend(observation, earns))) earning++;
      if (!far(observation.spends.reduce((sum, spend) => sum + spend, 0))) all++;
    }
  }
  return all > earning ? 'all' : 'earning';
}

const earningSpend = ({ spends }: Observation, earns: readonly boolean[]): number =>
  spends.reduce((sum, spend, k) => sum + (earns[k] ? spend : 0), 0);

/** Paise a year. `spend`: rupees a month of what counts. */
export function extraOf(milestones: readonly FittedMilestone[], spend: number): number {
  return milestones
    .filter(milestone => roundHalfUp(spend * 100) * MONTHS[milestone.every] >= Math.round(milestone.spend * 100))
    .reduce((sum, { value, every }) => sum + Math.round(value * 100) * (12 / MONTHS[every]), 0);
}

export function fitCard(evidence: CardEvidence, rules: ApiRules): FittedCard {
  const gaps: Gap[] = [...evidence.varying].map(field => ({
    field,
    why: 'it is not the same in all answers; ask again, so that all are of one day',
  }));
  const remarks: string[] = [];
  // A card that never earned says nothing of points or cashback: its rates are 0 then.
  const earned = evidence.types.filter((_, k) => evidence.observations.some(({ units }) => (units[k] ?? 0) > 0));
  if (new Set(earned).size > 1) {
    gaps.push({
      field: 'redemption',
      why: 'some keys earn points and others rupees; the catalogue has one value a card',
    });
  }
  const earningFit = fitEarning(evidence, rules);
  if ('gaps' in earningFit) gaps.push(...earningFit.gaps);
  const earning = 'earning' in earningFit ? earningFit.earning : undefined;

  const isCashback = earned.length > 0 ? earned.every(type => type === 'cashback') : false;
  const unit = isCashback ? { value: 1 } : valueOfUnit(evidence, rules.place);
  if ('why' in unit) gaps.push({ field: 'redemption', why: unit.why ?? '' });
  const { value } = unit;
  if ('exact' in unit && unit.exact !== undefined && value !== undefined && Math.abs(unit.exact - value) > 1e-9) {
    const off = formatRupees(Math.round(Math.abs(unit.exact - value) * 10_000 * 12 * 100));
    remarks.push(
      `the value of a point has more than four decimals: at 10,000 points a month, yearly savings are ${off} off`,
    );
  }
  const milestones = value === undefined ? undefined : milestonesOf(evidence.card.milestones, value);
  if (milestones === undefined) {
    if (value !== undefined) gaps.push({ field: 'milestones', why: 'a period is not 30, 90, 180 or 365 days' });
  } else if (earning !== undefined) {
    const why = milestoneMisfit(evidence, milestones, earning, rules);
    if (why !== undefined) gaps.push({ field: 'milestones', why });
  }
  const fee = feeOf(evidence, rules);
  if (typeof fee !== 'number') gaps.push({ field: 'fees.joining', why: fee.why });
  return {
    evidence,
    earning,
    rates: 'earning' in earningFit ? earningFit.earning.rates : earningFit.rates,
    value,
    redemption: value === undefined ? [] : optionsOf(evidence, value, isCashback),
    milestones,
    fee: typeof fee === 'number' ? fee : undefined,
    gaps,
    remarks,
  };
}

const fourDecimals = (value: number): number => Math.round(value * 10_000) / 10_000;

/** Rupees for a unit: what the savings say, which the recommended option names. */
function valueOfUnit(
  { card, rate, observations, types }: CardEvidence,
  place: number,
): { value?: number; exact?: number; why?: string } {
  const stated = card.recommended?.rate ?? rate;
  if (
    types.every((type, k) => type === 'cashback' || observations.every(({ units }) => !units[k])) &&
    types.includes('cashback')
  ) {
    return { value: 1 };
  }
  let [points, savings] = [0, 0];
  for (const observation of observations) {
    const sum = observation.units.reduce<number>((total, each) => total + (each ?? 0), 0);
    if (observation.savings !== undefined && sum > points) [points, savings] = [sum, observation.savings];
  }
  if (points === 0) {
    return stated === undefined
      ? { why: 'the answers name no recommended option' }
      : { value: fourDecimals(stated), exact: stated };
  }
  const measured = savings / points;
  const blur = (4 * Math.max(place, 0.005)) / points + 1e-7;
  const near = [rate, card.recommended?.rate, ...card.options.map(option => option.rate)].find(
    each => each !== undefined && Math.abs(each - measured) <= Math.max(blur, 0.00005),
  );
  // A stated rate may be rounded to four decimals where the savings are not.
  const exact = near !== undefined && Math.abs(near - measured) <= blur ? near : measured;
  if (exact > 9.9999) return { why: 'a point is worth more than 9.9999 rupees, which the column does not hold' };
  return { value: fourDecimals(exact), exact };
}

function optionsOf(
  { card }: CardEvidence,
  value: number,
  isCashback: boolean,
): (ApiRedemption & { readonly recommended: boolean })[] {
  if (isCashback) return [{ method: 'Cashback', rate: 1, recommended: true }];
  const options = new Map<string, ApiRedemption>();
  for (const { method, rate } of [card.recommended, ...card.options].filter(option => option !== undefined)) {
    const rounded = fourDecimals(rate);
    if (rounded >= 0 && rounded <= 9.9999) {
      const short = method.slice(0, 50);
      if (!options.has(`${short} ${rounded}`)) options.set(`${short} ${rounded}`, { method: short, rate: rounded });
    }
  }
  const list = [...options.values()];
  let chosen = list.findIndex(option => option.rate === value);
  if (chosen < 0) chosen = list.push({ method: 'Points', rate: value }) - 1;
  return list.map((option, i) => ({ ...option, recommended: i === chosen }));
}

/** Undefined where one has a period that the catalogue does not know. */
export function milestonesOf(stated: readonly ApiMilestone[], value: number): FittedMilestone[] | undefined {
  const milestones: FittedMilestone[] = [];
  for (const { minSpend, maxDays, voucherBonus, rpBonus } of stated) {
    const worth = Math.round((voucherBonus + rpBonus * value) * 100) / 100;
    if (worth <= 0) continue;
    const every = EVERY.find(([from, to]) => maxDays !== undefined && maxDays >= from && maxDays <= to)?.[2];
    if (every === undefined) return undefined;
    milestones.push({ spend: Math.round(minSpend * 100) / 100, every, value: worth });
  }
  return milestones;
}

function milestoneMisfit(
  { observations }: CardEvidence,
  milestones: readonly FittedMilestone[],
  { earns }: Earning,
  rules: ApiRules,
): string | undefined {
  for (const observation of observations) {
    if (observation.extra === undefined || observation.otherSpend > 0) continue;
    const counted = rules.milestones === 'all' ? KEYS.map(() => true) : earns;
    const computed = extraOf(milestones, earningSpend(observation, counted));
    if (Math.abs(computed - observation.extra) > 1 * Math.max(1, milestones.length * 12)) {
      const spends = observation.spends.map((spend, k) => `${KEYS[k]} ${spend}`).join(', ');
      return `its milestones give ${formatHundredths(computed)} where ${formatHundredths(observation.extra)} was answered (${spends})`;
    }
  }
  return undefined;
}

function feeOf({ card: { fee, feeBeforeGst } }: CardEvidence, rules: ApiRules): number | { readonly why: string } {
  if (rules.fees === 'without_gst') return feeBeforeGst ?? fee ?? { why: 'the answers have none' };
  if (feeBeforeGst === undefined) {
    if (fee === undefined) return { why: 'the answers have none' };
    const before = Math.round(fee / 1.18);
    return withGst(before) === fee ? before : { why: `${formatRupees(fee)} is no amount with 18 % GST` };
  }
  if (fee !== undefined && Math.abs(withGst(feeBeforeGst) - fee) > 1) {
    return { why: `${formatRupees(fee)} is not ${formatRupees(feeBeforeGst)} with 18 % GST` };
  }
  return feeBeforeGst;
}
