import type { Amounts } from './engine-rows.ts';

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A user of one of seven kinds, all of them meant to be awkward in some way. Amounts go up to, and seldom over, `limit`. */
export function randomUser(random: () => number, limit: number): Amounts {
  const kind = Math.floor(random() * 7);
  const same = amountOf(2 + Math.floor(random() * 3), random, limit);
  const five = Array.from({ length: 5 }, () => (kind === 6 ? same : amountOf(kind, random, limit)));
  const sum = five.reduce<number>((total, amount) => total + (amount ?? 0), 0);
  return [...five, confirmedOf(sum, kind, random, limit)];
}

function amountOf(kind: number, random: () => number, limit: number): number | null {
  const chance = random();
  if (chance < 0.1) return 0;
  if (chance < 0.15) return null;
  switch (kind) {
    case 0: // a few paise
      return Math.floor(random() * 200);
    case 1: // round rupees, where ties and thresholds lie
      return Math.floor(random() * 200) * 50_000;
    case 2: // everyday rupees with paise
      return Math.floor(random() * 3_000_000);
    case 3: // log-normal around ₹5,000
      return Math.min(limit, Math.floor(500_000 * Math.exp(1.5 * bell(random))));
    case 4: // up to the limit, and it itself
      return random() < 0.2 ? limit : Math.floor(random() * limit);
    default: // as before, but some are over the limit or negative
      return chance > 0.97 ? limit + 1 : chance > 0.95 ? -1 : Math.floor((random() * limit) / 20);
  }
}

/** Below, at or above what the five come to; a user whose five are believed is seldom lost by it. */
function confirmedOf(sum: number, kind: number, random: () => number, limit: number): number | null {
  const chance = random();
  if (chance < 0.1) return null;
  if (chance < 0.2) return Math.floor(random() * Math.min(sum, limit));
  if (chance < 0.3) return Math.min(sum, limit);
  if (chance < 0.32) return limit + 1;
  return Math.min(limit, Math.max(0, sum) + (amountOf(kind, random, limit) ?? 0));
}

/** Normally distributed, near enough. */
function bell(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
