/** Bands from samples of a curve that is made of straight lines: what a spend earns, all told. */
import type { EarnRate } from '../../engine/catalog-schema.ts';
import { chooseRate, EVERYTHING, type Interval, isEmpty, meet, unitsPerRupee } from './rates.ts';

export interface Sample {
  readonly x: number;
  readonly y: number;
}

export interface CurveBand {
  readonly from: number;
  readonly rate: EarnRate;
}

/** Bands from 0 on; or the spend at which one more sample would help most. */
export type Curve = { readonly bands: readonly CurveBand[] } | { readonly ask: number };

interface Line {
  readonly rate: EarnRate;
  readonly first: Sample;
  readonly last: Sample;
}

/** `slack`: how far a sample's y may be from the truth. */
export function fitCurve(samples: readonly Sample[], slack: (y: number) => number): Curve {
  const points = tidy([{ x: 0, y: 0 }, ...samples], slack);
  const lines: Line[] = [];
  let at = 0;
  while (at < points.length - 1) {
    const end = reach(points, at, slack);
    const isLine = end - at >= 2 || (end - at === 1 && (at === 0 || end === points.length - 1));
    const rate = isLine ? rateBetween(points, at, end, slack) : undefined;
    if (rate === undefined) {
      at++;
      continue;
    }
    lines.push({ rate, first: points[at]!, last: points[end]! });
    at = end;
  }
  const [start] = lines;
  if (start === undefined) return { ask: (points[1]?.x ?? 1_000) / 2 };
  if (start.first.x > 0) return { ask: start.first.x / 2 };
  const bands: CurveBand[] = [{ from: 0, rate: start.rate }];
  for (const [i, line] of lines.entries()) {
    if (i === 0) continue;
    const before = lines[i - 1]!;
    const kink = crossing(before, line, slack);
    if (kink === undefined) {
      // Nothing is known between the two: the middle tells which of them goes on, or that there is a third.
      return { ask: Math.round(Math.sqrt(Math.max(before.last.x, 1) * line.first.x)) };
    }
    bands.push({ from: kink, rate: line.rate });
  }
  const end = points.at(-1)!;
  if (lines.at(-1)!.last.x < end.x) return { ask: Math.round(end.x * 1.5) };
  return { bands };
}

/** By x; where several samples stand at one, the first. */
function tidy(samples: readonly Sample[], slack: (y: number) => number): Sample[] {
  const sorted = [...samples].sort((a, b) => a.x - b.x || a.y - b.y);
  return sorted.filter((sample, i) => {
    const before = sorted[i - 1];
    return before === undefined || sample.x - before.x > Math.max(0.005, slack(sample.y));
  });
}

/** The last sample that lies on one line with all from `at` on. */
function reach(points: readonly Sample[], at: number, slack: (y: number) => number): number {
  let slopes: Interval = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  let end = at;
  for (let j = at + 1; j < points.length; j++) {
    slopes = meet(slopes, slopeOf(points[at]!, points[j]!, slack));
    if (isEmpty(slopes)) break;
    end = j;
  }
  return end;
}

function slopeOf(a: Sample, b: Sample, slack: (y: number) => number): Interval {
  const [run, rise, far] = [b.x - a.x, b.y - a.y, slack(a.y) + slack(b.y)];
  return { low: (rise - far) / run, high: (rise + far) / run };
}

function rateBetween(
  points: readonly Sample[],
  at: number,
  end: number,
  slack: (y: number) => number,
): EarnRate | undefined {
  let slopes: Interval = { ...EVERYTHING, low: -1e-9 };
  for (let j = at + 1; j <= end; j++) slopes = meet(slopes, slopeOf(points[at]!, points[j]!, slack));
  return chooseRate(slopes);
}

/** Where two lines meet, as a round figure where one is near enough; undefined where that is not between them. */
function crossing(a: Line, b: Line, slack: (y: number) => number): number | undefined {
  const [up, to] = [unitsPerRupee(a.rate), unitsPerRupee(b.rate)];
  if (Math.abs(up - to) < 1e-12) return undefined;
  const x = (b.first.y - to * b.first.x - (a.last.y - up * a.last.x)) / (up - to);
  const blur = (slack(a.last.y) + slack(b.first.y)) / Math.abs(up - to) + 1e-6;
  if (x < a.last.x - blur || x > b.first.x + blur) return undefined;
  for (const step of [10_000, 5_000, 1_000, 500, 250, 100, 50, 10, 1, 0.5, 0.01]) {
    const round = Math.round(x / step) * step;
    if (Math.abs(round - x) <= blur) return Math.round(round * 100) / 100;
  }
  return x;
}
