/** Slices of users as the adapter takes them apart and puts answers together. */
import { CARDS_PER_USER, type RecommendationSlice, sliceOf, type UserFailure } from '../../model/recommendation.ts';
import { CATEGORIES, SPENDING_COLUMNS, SPENDING_FIELDS, type SpendingSlice } from '../../model/spending.ts';
import { deriveSpends } from '../spending-rules.ts';
import { type CheckedRow, meant } from './answer-check.ts';
import type { EngineUser } from './define-engine.ts';

/** What became of a user. */
export type Outcome = readonly CheckedRow[] | Omit<UserFailure, 'userNo'>;

const SLICE_KEYS = ['userNo', 'cardNo', 'yearly', 'extra', 'points', 'failures'] as const;

export const invalidAnswer = (message: string) => ({ code: 'ENGINE_ANSWER_INVALID', message });

/** One user of a slice under the public interface. */
export function userOf(slice: SpendingSlice, user: number): EngineUser {
  const six = new Float64Array(CATEGORIES.length);
  deriveSpends(slice, user, six);
  const [amazon, flipkart, myntra, ajio, grocery, otherOnline] = six as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const confirmed = slice.amounts[SPENDING_FIELDS.indexOf('confirmed') * slice.count + user]!;
  return { spends: { amazon, flipkart, myntra, ajio, grocery, otherOnline }, confirmed };
}

/** Some users of a slice, with columns of their own: an engine may keep or change what it is given. */
export function pick(slice: SpendingSlice, users: readonly number[]): SpendingSlice {
  const count = users.length;
  const amounts = new Float64Array(count * SPENDING_COLUMNS.length);
  for (let c = 0; c < SPENDING_COLUMNS.length; c++) {
    users.forEach((user, i) => {
      amounts[c * count + i] = slice.amounts[c * slice.count + user]!;
    });
  }
  return { count, userNo: Int32Array.from(users, user => slice.userNo[user]!), amounts };
}

/** Why an answer cannot be read at all: columns of the wrong length, users missing or not asked for. */
export function misshapen(answer: RecommendationSlice, asked: SpendingSlice): Omit<UserFailure, 'userNo'> | undefined {
  const columns = answer as Partial<RecommendationSlice> | null | undefined;
  const { userNo, cardNo, yearly, extra, points, failures } = columns ?? {};
  const lacking = SLICE_KEYS.find(key => !columns?.[key]);
  if (!userNo || !cardNo || !yearly || !extra || !points || !Array.isArray(failures)) {
    return invalidAnswer(
      lacking === undefined
        ? 'failures is not a list'
        : `the answer has no ${lacking}${meant(columns ?? {}, lacking, SLICE_KEYS)}`,
    );
  }
  if (!ArrayBuffer.isView(points)) return invalidAnswer('points is not a Float64Array');
  const rows = userNo.length * CARDS_PER_USER;
  if (cardNo.length !== rows || yearly.length !== rows || extra.length !== rows || points.length !== rows * 6) {
    return invalidAnswer(`the answer has ${cardNo.length} rows for ${userNo.length} users; each must have exactly ten`);
  }
  const answered = [
    ...userNo,
    ...(failures as readonly (UserFailure | null | undefined)[]).map(failure => failure?.userNo ?? -1),
  ].sort((a, b) => a - b);
  const expected = [...asked.userNo].sort((a, b) => a - b);
  if (answered.length !== expected.length || answered.some((no, i) => no !== expected[i])) {
    return invalidAnswer('the answer does not have each user exactly once');
  }
  return undefined;
}

/** The batch's columns out of what became of each user, in the order of the slice. */
export function assemble(slice: SpendingSlice, outcomes: readonly Outcome[]): RecommendationSlice {
  const failures: UserFailure[] = [];
  const served: { readonly userNo: number; readonly rows: readonly CheckedRow[] }[] = [];
  outcomes.forEach((outcome, user) => {
    const userNo = slice.userNo[user]!;
    if ('code' in outcome) failures.push({ userNo, ...outcome });
    else served.push({ userNo, rows: outcome });
  });
  const rows = served.flatMap(user => user.rows);
  return sliceOf(
    served.map(user => user.userNo),
    rows,
    failures,
  );
}
