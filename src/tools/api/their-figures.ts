/** A card of an answer in our units, over the four keys that the batch sends. */
import { type ApiCard, roundHalfUp } from './answer.ts';
import { extraOf, type FittedMilestone } from './card-fit.ts';
import { bucketsOf, KEYS } from './request.ts';
import type { ApiAnswer } from './saved-answers.ts';

/** Money in paise, points in hundredths; what the answer does not say is undefined. By key: in the order of KEYS. */
export interface TheirFigures {
  readonly yearly: number | undefined;
  readonly extra: number | undefined;
  readonly joiningFees: number | undefined;
  readonly net: number | undefined;
  /** Points a month; undefined for a key that earns rupees. */
  readonly points: readonly (number | undefined)[];
  /** Rupees a month, in paise, of a key that earns rupees. */
  readonly rupees: readonly (number | undefined)[];
}

/**
 * Where the request had spends beyond the four keys, its totals are not those of the four: the yearly total is the sum of the four
 * buckets, and the extra benefits are those that the four reach by the milestones which the answer states.
 */
export function theirFigures(
  card: ApiCard,
  answer: Pick<ApiAnswer, 'request' | 'otherKeys'>,
  fees: 'with_gst' | 'without_gst',
  milestones?: readonly FittedMilestone[],
): TheirFigures {
  const otherKeys = answer.otherKeys.length > 0;
  const buckets = bucketsOf(card, answer.request);
  const monthly = buckets.reduce<number | undefined>(
    (sum, bucket) => (sum === undefined || bucket?.savings === undefined ? undefined : sum + bucket.savings),
    0,
  );
  const summed = monthly === undefined ? undefined : roundHalfUp(monthly * 1_200);
  const yearly = otherKeys || hasOtherSavings(card) ? summed : (card.yearlyTotal ?? summed);
  const extra =
    otherKeys && milestones !== undefined && milestones.length > 0
      ? extraOf(milestones, earningSpend(card))
      : (card.extra ?? 0);
  const joiningFees = fees === 'with_gst' ? card.fee : (card.feeBeforeGst ?? card.fee);
  return {
    yearly,
    extra,
    joiningFees,
    net: yearly === undefined || joiningFees === undefined ? undefined : yearly + extra - joiningFees,
    points: buckets.map(bucket =>
      bucket?.type === 'points' && bucket.units !== undefined ? roundHalfUp(bucket.units * 100) : undefined,
    ),
    rupees: buckets.map(bucket =>
      bucket?.type === 'cashback' && bucket.units !== undefined ? roundHalfUp(bucket.units * 100) : undefined,
    ),
  };
}

const hasOtherSavings = ({ buckets }: ApiCard): boolean =>
  [...buckets].some(([key, { savings = 0 }]) => savings > 0 && !(KEYS as readonly string[]).includes(key));

/** Rupees a month in the four keys, where they earn. */
const earningSpend = ({ buckets }: ApiCard): number =>
  KEYS.reduce((sum, key) => {
    const bucket = buckets.get(key);
    return sum + (bucket !== undefined && (bucket.units ?? 0) > 0 ? bucket.spend : 0);
  }, 0);
