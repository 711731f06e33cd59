import type { ExchangeDatabase } from '../database/exchange.ts';
import type { Actor } from '../model/act.ts';
import type { StagedSpending } from '../model/table-rows.ts';
import { stageAndPublish } from './import-spending.ts';
import type { ParsedLine } from './spending-csv.ts';

/** What a shopper typically spends a month with each of the five, in rupees, and how many do not shop there at all. */
const HABITS = [
  { median: 2_500, spread: 1.1, absent: 0.25 }, // amazon
  { median: 2_000, spread: 1.1, absent: 0.3 }, // flipkart
  { median: 1_200, spread: 1.0, absent: 0.5 }, // myntra
  { median: 900, spread: 1.0, absent: 0.7 }, // ajio
  { median: 3_000, spread: 0.9, absent: 0.35 }, // grocery
] as const;
const UNKNOWN_SHARE = 0.02;
const IDLE_SHARE = 0.05;
/** The largest spend of an invented user, in paise: far below the limit of ₹1 crore. */
const LARGEST_PAISE = 300_000_000;

/**
 * Fills the database with a plausible population: log-normal spends, many zeros, a few unknown amounts, ids `CK` and digits.
 * The same seed gives the same users, and user n is the same however many there are. Existing users stay as they are.
 */
export async function seedSpending(
  database: ExchangeDatabase,
  users: number,
  seed: number,
  onProgress: (read: number) => void = () => {},
  by?: Actor,
): Promise<{ imported: number; unchanged: number }> {
  async function* lines(): AsyncGenerator<ParsedLine> {
    for (let n = 1; n <= users; n++) yield { good: inventUser(n, seed, Math.max(7, String(users).length)) };
  }
  const noRejects = { add: async () => {} };
  return stageAndPublish(database, `seed ${seed}, ${users} users`, lines(), noRejects, onProgress, {
    newOnly: true,
    by,
  });
}

/** Whether the first user of a seed is there, with the spends that were invented: a person who imports real users should know. */
export async function holdsInventedUsers(database: ExchangeDatabase, seed = 1): Promise<boolean> {
  const { userId, amounts } = inventUser(1, seed);
  const stored = await database.readSpending(userId);
  return stored !== undefined && amounts.every((amount, i) => amount === stored.amounts[i]);
}

/** User number n of a seed, from 1. */
export function inventUser(n: number, seed: number, digits = 7): StagedSpending {
  const random = randomNumbers(seed, n);
  const isIdle = random() < IDLE_SHARE;
  const five = HABITS.map(({ median, spread, absent }) => {
    const shops = random() >= absent && !isIdle;
    const paise = Math.round(median * 100 * Math.exp(spread * normal(random)));
    return shops ? Math.min(paise, LARGEST_PAISE) : 0;
  });
  const sum = five.reduce((total, amount) => total + amount, 0);
  const elsewhere = isIdle ? 0 : Math.min(LARGEST_PAISE, Math.round(150_000 * Math.exp(1.2 * normal(random))));
  const amounts = [...five, sum + elsewhere].map(amount => (random() < UNKNOWN_SHARE ? null : amount));
  return { lineNo: n, userId: `CK${String(n).padStart(Math.max(7, digits), '0')}`, amounts };
}

/** Mulberry32 on a mix of seed and number: a stream of its own for each user. */
function randomNumbers(seed: number, n: number): () => number {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(n, 0xc2b2ae35)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Box and Muller: a standard normal number out of two even ones. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
