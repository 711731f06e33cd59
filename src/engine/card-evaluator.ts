/**
 * One compiled card, evaluated for one user: units of points, and from them whole paise and hundredths. See program.ts for why
 * these doubles are exact; NaN says that they would not be.
 */
import type { CardProgram, SlabProgram } from './program.ts';

/** The first whole number from which a double does not hold each of them. */
const EXACT_LIMIT = 9_007_199_254_740_992;
/** A share of points nearer than this to a tie is decided exactly; so is one so large that its error might matter. */
const TIE_DISTANCE = 1e-4;
const LARGEST_SHARE = 1e10;

/** Units of points a month of a card without average slabs, category by category, into `units`. Returns their sum. */
export function flatUnits(program: CardProgram, spends: Float64Array, units: Float64Array): number {
  const { weights, caps, ordered, wholePoint } = program;
  let sum = 0;
  if (ordered === undefined) {
    for (let c = 0; c < 6; c++) {
      const value = spends[c]! * weights[c]!;
      units[c] = value;
      sum += value;
    }
  } else {
    sum = fillBands(ordered, spends, units);
  }
  if (wholePoint > 0) sum = toWholePoints(units, wholePoint);
  if (caps.length === 0) return sum;
  for (let k = 0; k < caps.length; k++) applyCap(caps[k]!, units);
  return units[0]! + units[1]! + units[2]! + units[3]! + units[4]! + units[5]!;
}

/** Slabs with an order: the first category takes the first band. Returns the sum. */
function fillBands(
  { months, bands, order }: NonNullable<CardProgram['ordered']>,
  spends: Float64Array,
  units: Float64Array,
): number {
  units.fill(0);
  let [spend, before] = [0, 0];
  for (let i = 0; i < order.length; i++) {
    const c = order[i]!;
    spend += spends[c]! * months;
    const after = bandUnits(bands, spend);
    units[c] = after - before;
    before = after;
  }
  return before;
}

/** Each category's units to those of the nearest whole point, halves up. Returns the sum. */
function toWholePoints(units: Float64Array, wholePoint: number): number {
  let sum = 0;
  for (let c = 0; c < 6; c++) {
    const value = Math.floor((2 * units[c]! + wholePoint) / (2 * wholePoint)) * wholePoint;
    units[c] = value;
    sum += value;
  }
  return sum;
}

function applyCap(cap: CardProgram['caps'][number], units: Float64Array): void {
  const { order, isBonus, competing, kept } = cap;
  let room = cap.room;
  for (let i = 0; i < order.length; i++) {
    const c = order[i]!;
    const points = units[c]!;
    const [up, down] = competing[i]!;
    const wanted = isBonus ? (points / down) * up : points;
    if (wanted <= room) {
      room -= wanted;
      continue;
    }
    const excess = wanted - room;
    room = 0;
    const [keptUp, keptDown] = kept[i]!;
    units[c] = points - excess + (isBonus ? 0 : (excess / keptDown) * keptUp);
  }
}

/** Units of points a month of a card with average slabs; `total`: the month's spend in paise. */
export function slabUnits(program: CardProgram, total: number): number {
  const { months, bands } = program.slabs!;
  return Math.min(bandUnits(bands, total * months), program.slabRoom);
}

/** Units of points a month of a period's spend in paise, run through the bands. */
function bandUnits(bands: SlabProgram['bands'], spend: number): number {
  let units = 0;
  for (let b = 0; b < bands.length; b++) {
    const { from, to, weight } = bands[b]!;
    if (spend <= from) break;
    units += (Math.min(spend, to) - from) * weight;
  }
  return units;
}

/** total_savings_yearly in whole paise, halves up; NaN where doubles do not suffice. */
export function yearlyPaise(program: CardProgram, units: number): number {
  const doubled = 2 * units * program.yearlyUp + program.yearlyDown;
  return doubled < EXACT_LIMIT ? Math.floor(doubled / (2 * program.yearlyDown)) : Number.NaN;
}

/** Whole hundredths of points, halves up; NaN where doubles do not suffice. */
export function roundedPoints(program: CardProgram, units: number): number {
  const doubled = 2 * units + program.unit;
  return doubled < EXACT_LIMIT ? Math.floor(doubled / (2 * program.unit)) : Number.NaN;
}

/** A category's share of a slab card's points, in whole hundredths; NaN where that is too near to a tie to tell. */
export function slabShare(program: CardProgram, units: number, spend: number, total: number): number {
  if (spend === 0) return 0;
  const share = (units / program.unit) * (spend / total);
  const lifted = share + 0.5;
  const isNearTie = Math.abs(lifted - Math.round(lifted)) < TIE_DISTANCE || share > LARGEST_SHARE;
  return isNearTie ? Number.NaN : Math.floor(lifted);
}

/** total_extra_benefits in whole paise; `total`: the month's spend in paise, all six together. */
export function extraPaise(program: CardProgram, spends: Float64Array, total: number): number {
  const { milestones, earning } = program;
  if (milestones.length === 0) return 0;
  const counted = earning === undefined ? total : sumAt(spends, earning);
  let extra = 0;
  for (let m = 0; m < milestones.length; m++) {
    const { months, spend, value } = milestones[m]!;
    if (counted * months >= spend) extra += value;
  }
  return extra;
}

function sumAt(spends: Float64Array, indexes: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < indexes.length; i++) sum += spends[indexes[i]!]!;
  return sum;
}
