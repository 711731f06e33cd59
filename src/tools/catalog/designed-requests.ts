/** What `catalog from-api` asks: requests that show rates, caps, bands and orders, and others that it does not fit on. */
import { type ApiRequest, KEYS } from '../api/request.ts';

/** Rupees a month, none of them round: a fraction of a point shows which version of the API answers. */
const ALONE = [437, 103_711, 917_353];
const MIXED: readonly (readonly number[])[] = [
  [1_213, 907, 1_511, 2_039],
  [5_119, 7_013, 4_211, 6_607],
  [13_337, 9_311, 11_719, 12_203],
  [21_017, 33_013, 17_519, 28_411],
  [70_111, 52_301, 61_027, 83_219],
  [211_313, 402_119, 150_211, 303_077],
];

const requestOf = (amounts: readonly number[]): ApiRequest =>
  Object.fromEntries(KEYS.map((key, k) => [key, amounts[k] ?? 0])) as unknown as ApiRequest;

/** Each key alone at a small and two large amounts, then all four together: eighteen. */
export function designedRequests(): ApiRequest[] {
  return [
    ...KEYS.flatMap((_, k) => ALONE.map(amount => requestOf(KEYS.map((_, other) => (other === k ? amount : 0))))),
    ...MIXED.map(requestOf),
  ];
}

/** Requests as users send them, the same at each call: small and large ones, with keys left out, and one without any spend. */
export function heldOutRequests(count: number): ApiRequest[] {
  let state = 20_261_126;
  const random = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: count }, (_, i) =>
    requestOf(KEYS.map(() => (i === 0 || random() < 0.2 ? 0 : Math.round(Math.exp(8.8 + 1.3 * normal()) * 100) / 100))),
  );
}
