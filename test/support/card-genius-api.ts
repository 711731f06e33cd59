/**
 * A stand-in for the CardGenius API with invented cards: the shape and the arithmetic of docs/parity.md, and no line of src/. What it
 * sends has its oddities: numbers as text, "Unlimited", blanks at the end of names.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { seededRandom } from '../reference/random-users.ts';

const KEYS = [
  'flipkart_spends',
  'amazon_spends',
  'other_online_spends',
  'grocery_spends_online',
  'fuel',
  'dining',
] as const;
type Key = (typeof KEYS)[number];
export type StandInRequest = Readonly<Record<string, number>>;

export interface StandInCard {
  readonly id: number;
  readonly name: string;
  readonly cashback: boolean;
  /** Units for one rupee. */
  readonly rates: Readonly<Record<Key, number>>;
  readonly caps: Readonly<Partial<Record<Key, number>>>;
  readonly totalCap?: number | undefined;
  /** Marginal bands on the running sum: from, and units for one rupee. */
  readonly bands?: readonly (readonly [from: number, rate: number])[] | undefined;
  readonly value: number;
  readonly milestones: readonly {
    readonly minSpend: string;
    readonly maxDays: string;
    readonly voucherBonus: string;
    readonly rpBonus: string;
  }[];
  readonly fee: number;
  readonly commissionable: boolean;
}

export interface StandInOptions {
  /** Each key's points are rounded to whole ones: the first version. */
  readonly whole?: boolean;
  /** The order in which keys are listed and filled. */
  readonly order?: readonly Key[];
}

export function inventCards(count: number, seed: number): StandInCard[] {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const often = (share: number) => random() < share;
  return Array.from({ length: count }, (_, i) => {
    const cashback = often(0.3);
    const base = pick([1 / 100, 2 / 150, 4 / 150, 5 / 200, 9 / 700]);
    const rate = () => (often(0.15) ? 0 : cashback ? pick([1, 1.5, 2, 5, 7.5]) / 100 : base * pick([1, 1, 2, 5, 10]));
    const bands =
      !cashback && often(0.15)
        ? pick([
            [
              [0, 0.02],
              [20_000, 1 / 15],
            ],
            [
              [0, 0.01],
              [12_500, 0.03],
              [60_000, 0.02],
            ],
          ] as const)
        : undefined;
    const rates = Object.fromEntries(KEYS.map(key => [key, rate()])) as Record<Key, number>;
    return {
      id: 300 + i,
      name: `Stand-in ${String(i).padStart(2, '0')} Card${pick(['', ' ', '  '])}`,
      cashback,
      rates,
      caps:
        bands !== undefined
          ? {}
          : Object.fromEntries(KEYS.filter(() => often(0.2)).map(key => [key, pick([100, 500, 1_500])])),
      totalCap: often(0.4) ? pick([1_000, 2_500, 75_000]) : undefined,
      bands,
      value: cashback ? 1 : pick([0.25, 0.3, 0.65, 1]),
      milestones: often(0.4)
        ? [
            {
              minSpend: String(pick([50_000, 120_000, 300_000])),
              maxDays: pick(['30', '90', '180', '365']),
              voucherBonus: pick(['', '500']),
              rpBonus: pick(['', '1000']),
            },
          ]
        : [],
      fee: pick([0, 250, 499, 999, 2_500]),
      commissionable: often(0.8),
    };
  });
}

/** What a card earns, key by key. */
function earned(card: StandInCard, request: StandInRequest, { whole = false, order = KEYS }: StandInOptions) {
  let [room, run] = [card.totalCap ?? Number.POSITIVE_INFINITY, 0];
  const upTo = (spend: number) =>
    card.bands!.reduce(
      (sum, [from, rate], b) => sum + Math.max(0, Math.min(spend, card.bands![b + 1]?.[0] ?? spend) - from) * rate,
      0,
    );
  return order.map(key => {
    const spend = request[key] ?? 0;
    let units = spend * card.rates[key];
    if (card.bands !== undefined) {
      units = card.rates[key] === 0 ? 0 : upTo(run + spend) - upTo(run);
      if (card.rates[key] > 0) run += spend;
    }
    if (whole) units = Math.round(units);
    const points = Math.min(units, card.caps[key] ?? Number.POSITIVE_INFINITY, room);
    room -= points;
    return { key, spend, points };
  });
}

export function standInAnswer(cards: readonly StandInCard[], request: StandInRequest, options: StandInOptions = {}) {
  const savings = cards.map(card => {
    const parts = earned(card, request, options);
    const monthly = parts.reduce((sum, { points }) => sum + points * card.value, 0);
    const earning = parts.reduce((sum, { key, spend }) => sum + (card.rates[key] > 0 ? spend : 0), 0);
    const months: Record<string, number> = { '30': 1, '90': 3, '180': 6, '365': 12 };
    const extra = card.milestones
      .filter(({ minSpend, maxDays }) => earning * months[maxDays]! >= Number(minSpend))
      .reduce(
        (sum, { voucherBonus, rpBonus, maxDays }) =>
          sum + (Number(voucherBonus) + Number(rpBonus) * card.value) * (12 / months[maxDays]!),
        0,
      );
    const option = { method: card.cashback ? 'Cashback' : 'Airmiles', conversion_rate: card.value };
    return {
      id: card.id,
      card_name: card.name,
      bank_name: 'Stand-in Bank',
      joining_fees: ((card.fee * 118) / 100).toFixed(2) as string | null,
      joining_fee_without_gst: String(card.fee) as string | undefined,
      redemption_options: [...(card.cashback ? [] : [{ method: 'Vouchers', conversion_rate: 0.2 }]), option],
      recommended_redemption_options: [{ redemption_option_id: 1, redemption_option: option }],
      milestone_benefits: card.milestones,
      invite_only: false,
      sourceable: 1,
      commissionable: card.commissionable ? 1 : 0,
      total_savings: monthly,
      total_savings_yearly: (12 * monthly) as number | null,
      total_extra_benefits: extra,
      roi: 'not compared',
      spending_breakdown: Object.fromEntries(
        parts.map(({ key, spend, points }) => [
          key,
          {
            on: key,
            spend,
            savings: points * card.value,
            savings_type: card.cashback ? 'cashback' : 'points',
            points_earned: card.cashback ? 0 : points,
            maxCap: card.caps[key] ?? 'Unlimited',
            totalMaxCap: card.totalCap ?? 'Unlimited',
            explanation: ['<b>for people</b>'],
            ...(card.rates[key] > 0 ? { conv_rate: card.value } : {}),
          },
        ]),
      ),
    };
  });
  return { success: true, message: 'ok', savings };
}

/** Serves answers on a port of its own; `odd` may send something else for the nth call, `refuses` sends status 400. */
export async function serveStandIn(
  cards: readonly StandInCard[],
  options: StandInOptions & {
    readonly odd?: (call: number, response: ServerResponse, request: IncomingMessage) => unknown;
    readonly refuses?: (spends: StandInRequest) => boolean;
  } = {},
) {
  const seen = { calls: 0 };
  const server = createServer(async (request, response) => {
    const spends = (await json(request)) as StandInRequest;
    response.setHeader('content-type', 'application/json');
    seen.calls++;
    const odd = options.odd?.(seen.calls, response, request);
    if (options.refuses?.(spends)) response.statusCode = 400;
    response.end(JSON.stringify(odd ?? standInAnswer(cards, spends, options)));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/calculate`;
  return { url, seen, close: () => new Promise<void>(resolve => server.close(() => resolve())) };
}
