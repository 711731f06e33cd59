/**
 * An answer of the CardGenius API as it really comes (docs/parity.md): numbers as text, "Unlimited", null and empty totals, wrapped
 * or not. Fields that are not read may be anything. What a card lacks costs that card, never the answer.
 */

/** One key of a card's `spending_breakdown`; what is missing there is undefined here. */
export interface ApiBucket {
  /** Rupees a month. */
  readonly spend: number;
  /** Rupees a month. */
  readonly savings: number | undefined;
  readonly type: 'points' | 'cashback';
  /** What is earned a month: points, or rupees on a cashback card. */
  readonly units: number | undefined;
  /** Units a month; undefined where there is no cap. */
  readonly maxCap: number | undefined;
  readonly totalMaxCap: number | undefined;
  readonly rate: number | undefined;
}

export interface ApiMilestone {
  readonly minSpend: number;
  readonly maxDays: number | undefined;
  readonly voucherBonus: number;
  readonly rpBonus: number;
  readonly eligible: boolean | undefined;
}

export interface ApiRedemption {
  readonly method: string;
  readonly rate: number;
}

export interface ApiCard {
  readonly id: number | undefined;
  /** Blanks at its ends and doubled ones are gone. */
  readonly name: string;
  readonly issuer: string | undefined;
  /** Paise: `joining_fees`, and the same before GST, where the answer has it. */
  readonly fee: number | undefined;
  readonly feeBeforeGst: number | undefined;
  readonly annualFeeBeforeGst: number | undefined;
  /** Paise. */
  readonly yearlyTotal: number | undefined;
  readonly extra: number | undefined;
  readonly offer: {
    readonly commissionable?: boolean;
    readonly sourceable?: boolean;
    readonly inviteOnly?: boolean;
  };
  readonly options: readonly ApiRedemption[];
  readonly recommended: ApiRedemption | undefined;
  readonly milestones: readonly ApiMilestone[];
  /** In the order of the API's list, which is the order in which it fills. */
  readonly buckets: ReadonlyMap<string, ApiBucket>;
}

/** The cards of an answer, or the reason why it is not one: an error may come with status 200. */
export type ReadAnswer =
  | { readonly cards: readonly ApiCard[]; readonly unnamed: number }
  | { readonly problem: string };

export function readAnswer(response: unknown): ReadAnswer {
  const list = savingsOf(response);
  if (list === undefined) return { problem: `it has no savings${saidIn(response)}` };
  if (list.length === 0) return { problem: 'its savings are empty' };
  const named = list.flatMap(card => cardOf(card) ?? []);
  if (named.length === 0) return { problem: 'no entry of its savings has a card_name' };
  return { cards: once(named), unnamed: list.length - named.length };
}

/** `savings`, `data.savings`, or `data` itself; partners wrap once more. */
function savingsOf(response: unknown, depth = 0): readonly unknown[] | undefined {
  if (Array.isArray(response)) return response;
  if (depth > 2 || !isObject(response)) return undefined;
  if (Array.isArray(response.savings)) return response.savings;
  return savingsOf(response.data, depth + 1);
}

/** An entry that stands twice, word for word as far as it is read, is one card. */
function once(cards: readonly ApiCard[]): ApiCard[] {
  const seen = new Map<string, ApiCard>();
  const textOf = (card: ApiCard) => JSON.stringify([card, [...card.buckets]]);
  return cards.filter(card => {
    const key = `${card.id} ${card.name}`;
    const before = seen.get(key);
    if (before === undefined) seen.set(key, card);
    return before === undefined || textOf(before) !== textOf(card);
  });
}

/** What an error says of itself; only its first words, and no control characters. */
function saidIn(response: unknown): string {
  const message = isObject(response) ? (response.message ?? response.error) : undefined;
  return typeof message === 'string' && message !== '' ? `; it says "${cleanText(message).slice(0, 100)}"` : '';
}

function cardOf(value: unknown): ApiCard | undefined {
  if (!isObject(value)) return undefined;
  const name = textOf(value.card_name) ?? textOf(value.name);
  if (name === undefined) return undefined;
  const id = numberOf(value.id);
  const options = listOf(value.redemption_options);
  return {
    id: Number.isSafeInteger(id) ? id : undefined,
    name,
    issuer: textOf(value.bank_name),
    fee: paiseOf(value.joining_fees),
    feeBeforeGst: paiseOf(value.joining_fee_without_gst),
    annualFeeBeforeGst: paiseOf(value.annual_fee_without_gst) ?? paiseOf(value.annual_fees),
    yearlyTotal: paiseOf(value.total_savings_yearly),
    extra: paiseOf(value.total_extra_benefits),
    offer: offerOf(value),
    options: options.flatMap(option => redemptionOf(option) ?? []),
    recommended: listOf(value.recommended_redemption_options)
      .flatMap(entry => redemptionOf(recommendedIn(entry, options)) ?? [])
      .at(0),
    milestones: listOf(value.milestone_benefits).flatMap(milestone => milestoneOf(milestone) ?? []),
    buckets: bucketsOf(value.spending_breakdown ?? value.spending_breakdown_array),
  };
}

function offerOf(card: Readonly<Record<string, unknown>>): ApiCard['offer'] {
  const [commissionable, sourceable, inviteOnly] = [card.commissionable, card.sourceable, card.invite_only].map(flagOf);
  return {
    ...(commissionable === undefined ? {} : { commissionable }),
    ...(sourceable === undefined ? {} : { sourceable }),
    ...(inviteOnly === undefined ? {} : { inviteOnly }),
  };
}

/** The option itself, or the one of the card's whose number stands there. */
function recommendedIn(entry: unknown, options: readonly unknown[]): unknown {
  if (!isObject(entry)) return entry;
  const number = numberOf(entry.redemption_option_id);
  return (
    entry.redemption_option ??
    options.find(option => number !== undefined && isObject(option) && numberOf(option.id) === number) ??
    entry
  );
}

function redemptionOf(value: unknown): ApiRedemption | undefined {
  if (!isObject(value)) return undefined;
  const [method, rate] = [textOf(value.method), numberOf(value.conversion_rate)];
  return method === undefined || rate === undefined ? undefined : { method, rate };
}

function milestoneOf(value: unknown): ApiMilestone | undefined {
  if (!isObject(value)) return undefined;
  return {
    minSpend: numberOf(value.minSpend) ?? 0,
    maxDays: numberOf(value.maxDays),
    voucherBonus: numberOf(value.voucherBonus) ?? 0,
    rpBonus: numberOf(value.rpBonus) ?? 0,
    eligible: flagOf(value.eligible),
  };
}

/** By key, or a list whose entries name their key. */
function bucketsOf(value: unknown): Map<string, ApiBucket> {
  const buckets = new Map<string, ApiBucket>();
  const parts = Array.isArray(value)
    ? value.map(part => [isObject(part) ? textOf(part.on) : undefined, part] as const)
    : Object.entries(isObject(value) ? value : {});
  for (const [key, part] of parts) {
    if (key === undefined || !isObject(part)) continue;
    const savings = numberOf(part.savings);
    const type = typeOf(part, savings);
    buckets.set(key, {
      spend: numberOf(part.spend) ?? 0,
      savings,
      type,
      units: type === 'cashback' ? savings : numberOf(part.points_earned),
      maxCap: capOf(part.maxCap),
      totalMaxCap: capOf(part.totalMaxCap),
      rate: numberOf(part.conv_rate),
    });
  }
  return buckets;
}

/** As it says; the answers of 2025 do not say, and there rupees without points are cashback. */
function typeOf(part: Readonly<Record<string, unknown>>, savings: number | undefined): ApiBucket['type'] {
  const said = textOf(part.savings_type)?.toLowerCase();
  if (said === 'cashback' || said === 'points') return said;
  return (savings ?? 0) > 0 && !numberOf(part.points_earned) ? 'cashback' : 'points';
}

/** "Unlimited", nothing and 0 are no cap. */
const capOf = (value: unknown): number | undefined => {
  const cap = numberOf(value);
  return cap === undefined || cap <= 0 ? undefined : cap;
};

/** A number, or a text that is one, with or without grouping; everything else is not there. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const plain = value.replaceAll(',', '').trim();
  return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : undefined;
}

const paiseOf = (value: unknown): number | undefined => {
  const rupees = numberOf(value);
  return rupees === undefined ? undefined : roundHalfUp(rupees * 100);
};

/** Halves up, of the decimal that the double stands for: 1.005 × 100 is 100.49999999999999, and means 100.5. */
export function roundHalfUp(value: number): number {
  const sign = value < 0 ? -1 : 1;
  const magnitude = Math.abs(value);
  return sign * Math.floor(magnitude + 0.5 + Math.max(1e-9, magnitude * 1e-12)) + 0;
}

function flagOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === 1 || value === '1' || value === 'true') return true;
  if (value === 0 || value === '0' || value === 'false') return false;
  return undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = cleanText(value);
  return text === '' ? undefined : text;
}

/** One line without control characters, which a terminal or PostgreSQL would not bear. */
const cleanText = (text: string): string => text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim();

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
