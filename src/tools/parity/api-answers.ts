/**
 * Requests and answers of the live CardGenius API, in the shape that was measured (docs/parity.md). Myntra and Ajio are folded
 * into `other_online_spends`, and compared so.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, UsageError } from '../../model/errors.ts';
import { formatHundredths } from '../../model/money.ts';
import type { Category } from '../../model/spending.ts';
import type { CardNames } from './card-names.ts';
import type { ParityRow } from './case.ts';

/** The API's keys that stand for ours. */
export const API_KEYS = {
  amazon_spends: 'amazon',
  flipkart_spends: 'flipkart',
  grocery_spends_online: 'grocery',
  other_online_spends: 'otherOnline',
} as const satisfies Readonly<Record<string, Category>>;
type ApiKey = keyof typeof API_KEYS;

/** Rupees a month. */
export type ApiRequest = Readonly<Record<ApiKey, number>>;

/** A file of a folder of answers. */
export interface ApiAnswer {
  readonly userId: string;
  readonly request: ApiRequest;
  readonly response: unknown;
}

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

/** Numbers come as numbers and as strings. */
const number = z.union([
  z.number(),
  z
    .string()
    .regex(/^\s*-?\d+(\.\d+)?\s*$/)
    .transform(Number),
]);
const savingsSchema = z.array(
  z.object({
    card_name: z.string(),
    joining_fees: number,
    joining_fee_without_gst: number.nullish(),
    total_savings_yearly: number,
    total_extra_benefits: number.nullish(),
    spending_breakdown: z
      .record(
        z.string(),
        z.object({ points_earned: number.nullish(), conv_rate: number.nullish(), maxCap: number.nullish() }),
      )
      .nullish(),
    redemption_options: z.array(z.object({ method: z.string(), conversion_rate: number })).nullish(),
  }),
);

const fileSchema = z.object({
  user_id: z.string().optional(),
  request: z.record(z.string(), z.unknown()),
  response: z.unknown(),
});

/** Reads a folder of `{ user_id?, request, response }`, one user a file. Throws UsageError (ANSWERS_…) naming the file. */
export async function readAnswers(folder: string): Promise<ApiAnswer[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new UsageError('ANSWERS_UNREADABLE', `${folder} cannot be read: ${messageOf(error)}. Name a folder.`, {
      cause: error,
    });
  });
  const files = names.filter(name => name.endsWith('.json')).sort();
  if (files.length === 0) {
    throw new UsageError('ANSWERS_EMPTY', `${folder} has no .json files. Each holds { "request": …, "response": … }.`);
  }
  return Promise.all(files.map(name => readAnswer(join(folder, name), name.slice(0, -'.json'.length))));
}

async function readAnswer(path: string, fallbackId: string): Promise<ApiAnswer> {
  let parsed: z.infer<typeof fileSchema>;
  try {
    parsed = fileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new UsageError(
      'ANSWERS_INVALID',
      `${path} is no { "request": …, "response": … }: ${messageOf(error).split('\n', 1)[0]}. Mend it or take it out.`,
      { cause: error },
    );
  }
  const request = Object.fromEntries(
    Object.keys(API_KEYS).map(key => [key, Number(parsed.request[key] ?? 0)]),
  ) as unknown as ApiRequest;
  return { userId: parsed.user_id ?? fallbackId, request, response: parsed.response };
}

/** The cards of an answer under our names, best first; and those that are not ours. Throws UsageError where it has no savings. */
export function rowsOfAnswer(
  { userId, response }: ApiAnswer,
  names: CardNames,
): { rows: ParityRow[]; unknown: string[] } {
  const parsed = savingsSchema.safeParse(savingsOf(response));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new UsageError(
      'ANSWERS_INVALID',
      `The answer for ${userId} is not in the API's shape at savings.${issue.path.map(String).join('.')}: ${issue.message}.`,
    );
  }
  const unknown: string[] = [];
  const rows = new Map<string, ParityRow>();
  for (const card of parsed.data) {
    const name = names.find(card.card_name);
    if (name === undefined || rows.has(name)) unknown.push(card.card_name);
    else rows.set(name, rowOf(name, card));
  }
  const sorted = [...rows.values()].sort(
    (a, b) => b.net - a.net || b.yearly - a.yearly || Buffer.compare(Buffer.from(a.card), Buffer.from(b.card)),
  );
  return { rows: sorted, unknown };
}

/** `savings`, or `data.savings`, or `data` itself. */
function savingsOf(response: unknown): unknown {
  const { savings, data } = (response ?? {}) as { savings?: unknown; data?: unknown };
  if (savings !== undefined) return savings;
  return Array.isArray(data) ? data : (data as { savings?: unknown } | undefined)?.savings;
}

function rowOf(name: string, card: z.infer<typeof savingsSchema>[number]): ParityRow {
  const hundredths = (value: number | null | undefined) => Math.round((value ?? 0) * 100);
  const points: Partial<Record<Category, number>> = {};
  const maxCaps: Partial<Record<Category, number>> = {};
  let rate: number | undefined;
  for (const [key, category] of Object.entries(API_KEYS)) {
    const part = card.spending_breakdown?.[key];
    if (part?.points_earned != null) points[category] = hundredths(part.points_earned);
    if (part?.maxCap != null && part.maxCap > 0) maxCaps[category] = hundredths(part.maxCap);
    if (part?.conv_rate != null) rate = Math.round(part.conv_rate * 10_000);
  }
  // Our fees are before GST. Answers of 2026 say both; those of 2025 only one, without GST.
  const joiningFees = hundredths(card.joining_fee_without_gst ?? card.joining_fees);
  const [yearly, extra] = [hundredths(card.total_savings_yearly), hundredths(card.total_extra_benefits)];
  const method = card.redemption_options?.find(option => Math.round(option.conversion_rate * 10_000) === rate)?.method;
  return {
    card: name,
    yearly,
    extra,
    joiningFees,
    net: yearly + extra - joiningFees,
    points,
    maxCaps,
    redemptionRate: rate,
    redemptionMethod: method,
  };
}
