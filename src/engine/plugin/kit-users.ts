/** The users that the kit asks an engine about: the same in every kit, amounts in whole paise, confirmed last. */
import { createHash } from 'node:crypto';
import { CATEGORIES, type SpendingSlice } from '../../model/spending.ts';

export type Amounts = readonly number[];

/** Six amounts in paise, confirmed last: what engines stumble over. */
export function edgeUsers(limit: number): Amounts[] {
  const only = (c: number, amount: number) => CATEGORIES.map((_, i) => (i === c || i === 5 ? amount : 0));
  return [
    [0, 0, 0, 0, 0, 0],
    [1, 1, 1, 1, 1, 6],
    [1, 0, 0, 0, 0, 0],
    [33_333, 1, 1_234_567, 0, 777, 0],
    [0, 0, 0, 0, 0, 5_000_001],
    ...[0, 1, 2, 3, 4].map(c => only(c, 1_000_050)),
    [100_000, 100_000, 0, 0, 0, 150_000], // confirmed below the five
    [limit, limit, limit, limit, limit, limit],
  ];
}

/** User `n`: the same in every kit. Amounts from a few paise to a lakh of rupees, with gaps. */
export function generated(n: number): Amounts {
  const bytes = createHash('sha256').update(`kit ${n}`).digest();
  const five = [0, 1, 2, 3, 4].map(c =>
    bytes[c]! < 64 ? 0 : Math.floor(10 ** (1 + (bytes[c + 8]! % 7)) * (bytes[c + 16]! / 256)),
  );
  const sum = five.reduce((total, amount) => total + amount, 0);
  return [...five, sum + bytes.readUInt16BE(30) * 10];
}

export function sliceOf(users: readonly Amounts[]): SpendingSlice {
  const count = users.length;
  const amounts = new Float64Array(count * 6);
  users.forEach((user, i) => {
    for (let c = 0; c < 6; c++) amounts[c * count + i] = user[c]!;
  });
  return { count, userNo: Int32Array.from(users, (_, i) => i + 1), amounts };
}
