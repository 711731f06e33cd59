import { createHash } from 'node:crypto';
import { POINT_COLUMNS } from '../model/contract.ts';
import {
  CARDS_PER_USER,
  MAX_DECIMAL_12_2,
  type RecommendationSlice,
  type RunCard,
  type UserFailure,
} from '../model/recommendation.ts';
import { CATEGORIES, type SpendingSlice } from '../model/spending.ts';
import { extraPaise, flatUnits, roundedPoints, slabShare, slabUnits, yearlyPaise } from './card-evaluator.ts';
import { DEFAULT_RULES, type EligibleCards, isEligible, nameOf } from './card-terms.ts';
import type { Catalog } from './catalog.ts';
import type { Card, Rules } from './catalog-schema.ts';
import type { Engine } from './engine.ts';
import { computeExactly } from './exact.ts';
import { type CardProgram, compileCard } from './program.ts';
import { DEFAULT_MAX_MONTHLY_SPEND, deriveSpends, invalidSpending } from './spending-rules.ts';

const NAME = 'cardgenius-built-in';
/** Raised whenever a rule changes: it is part of the fingerprint. */
const VERSION = '2';

export interface BuiltInEngineOptions {
  readonly catalog: Pick<Catalog, 'cards' | 'sha256'> & { readonly rules?: Rules };
  /** Which open cards are recommended; default: all of them. */
  readonly eligibleCards?: EligibleCards | undefined;
  /** The largest monthly amount that is believed, in paise. */
  readonly maxMonthlySpend?: number;
}

/** The built-in engine: the rules of docs/recommendation.md over the catalogue's open cards, column by column. */
export function createBuiltInEngine(options: BuiltInEngineOptions): Engine {
  const { catalog, eligibleCards = 'open', maxMonthlySpend = DEFAULT_MAX_MONTHLY_SPEND } = options;
  const { rules = DEFAULT_RULES } = catalog;
  const open = catalog.cards.filter(card => isEligible(card, eligibleCards));
  return {
    name: NAME,
    version: VERSION,
    fingerprint: createHash('sha256')
      .update(
        JSON.stringify({
          name: NAME,
          version: VERSION,
          catalog: catalog.sha256,
          rules,
          eligibleCards,
          maxMonthlySpend,
        }),
      )
      .digest('hex'),
    cards: open.map((card, cardNo) => describe(compileCard(card, maxMonthlySpend, rules), cardNo)),
    recommend: compileRecommender(open, maxMonthlySpend, rules),
  };
}

function describe({ card, joiningFees, redemptionMethod, redemptionRate }: CardProgram, cardNo: number): RunCard {
  return {
    cardNo,
    id: card.id,
    name: nameOf(card),
    joiningFees,
    redemptionMethod,
    redemptionRate,
    definition: JSON.stringify(card),
  };
}

/** A card with its number, in the order in which equal cards are ranked: by name, code point by code point. */
interface Candidate {
  readonly cardNo: number;
  readonly program: CardProgram;
}

function compileRecommender(
  cards: readonly Card[],
  maxMonthlySpend: number,
  rules: Rules,
): (slice: SpendingSlice) => RecommendationSlice {
  const candidates: Candidate[] = cards
    .map((card, cardNo) => ({ cardNo, program: compileCard(card, maxMonthlySpend, rules) }))
    .sort((a, b) => Buffer.compare(Buffer.from(nameOf(a.program.card)), Buffer.from(nameOf(b.program.card))));

  return slice => {
    const { count } = slice;
    const failures: UserFailure[] = [];
    const served: number[] = [];
    const out = {
      cardNo: new Int32Array(count * CARDS_PER_USER),
      yearly: new Float64Array(count * CARDS_PER_USER),
      extra: new Float64Array(count * CARDS_PER_USER),
      points: new Float64Array(count * CARDS_PER_USER * CATEGORIES.length), // row by row here, turned at the end
    };
    const spends = new Float64Array(CATEGORIES.length);
    const units = new Float64Array(CATEGORIES.length);
    const best = new TopTen();

    for (let user = 0; user < count; user++) {
      const userNo = slice.userNo[user]!;
      const invalid = invalidSpending(slice, user, maxMonthlySpend);
      if (invalid !== undefined) {
        failures.push({ userNo, code: 'INVALID_SPENDING', message: invalid });
        continue;
      }
      const total = deriveSpends(slice, user, spends);
      const misfit = rankCards(candidates, spends, units, total, best);
      if (misfit !== undefined) {
        failures.push({ userNo, code: 'RESULT_OUT_OF_RANGE', message: misfit });
        continue;
      }
      const row = served.length * CARDS_PER_USER;
      served.push(userNo);
      for (let place = 0; place < CARDS_PER_USER; place++) {
        const { cardNo, program } = candidates[best.candidate[place]!]!;
        out.cardNo[row + place] = cardNo;
        out.yearly[row + place] = best.yearly[place]!;
        out.extra[row + place] = best.extra[place]!;
        fillPoints(program, spends, units, total, out.points, (row + place) * CATEGORIES.length);
      }
    }

    const rows = served.length * CARDS_PER_USER;
    return {
      userNo: Int32Array.from(served),
      cardNo: out.cardNo.slice(0, rows),
      yearly: out.yearly.slice(0, rows),
      extra: out.extra.slice(0, rows),
      points: turn(out.points, rows),
      failures,
    };
  };
}

/** The ten best so far, best first: flat columns, so that no user costs an object. */
class TopTen {
  readonly candidate = new Int32Array(CARDS_PER_USER);
  readonly net = new Float64Array(CARDS_PER_USER);
  readonly yearly = new Float64Array(CARDS_PER_USER);
  readonly extra = new Float64Array(CARDS_PER_USER);
  #size = 0;

  clear(): void {
    this.#size = 0;
  }

  /** Candidates come in the order of their names, so on a full tie the earlier one stays before the later. */
  offer(candidate: number, net: number, yearly: number, extra: number): void {
    let place = this.#size;
    if (place === CARDS_PER_USER) {
      const last = CARDS_PER_USER - 1;
      if (net < this.net[last]! || (net === this.net[last]! && yearly <= this.yearly[last]!)) return;
      place = last;
    } else {
      this.#size++;
    }
    while (place > 0) {
      const above = place - 1;
      if (net < this.net[above]! || (net === this.net[above]! && yearly <= this.yearly[above]!)) break;
      this.candidate[place] = this.candidate[above]!;
      this.net[place] = this.net[above]!;
      this.yearly[place] = this.yearly[above]!;
      this.extra[place] = this.extra[above]!;
      place = above;
    }
    this.candidate[place] = candidate;
    this.net[place] = net;
    this.yearly[place] = yearly;
    this.extra[place] = extra;
  }
}

/** Ranks all candidates into `best`. Returns a message where a result does not fit its column. */
function rankCards(
  candidates: readonly Candidate[],
  spends: Float64Array,
  units: Float64Array,
  total: number,
  best: TopTen,
): string | undefined {
  best.clear();
  for (let index = 0; index < candidates.length; index++) {
    const { program } = candidates[index]!;
    const sum = program.slabs === undefined ? flatUnits(program, spends, units) : slabUnits(program, total);
    let yearly = program.onlyExact ? Number.NaN : yearlyPaise(program, sum);
    if (Number.isNaN(yearly)) yearly = computeExactly(program.card, [...spends], program).yearly;
    const extra = extraPaise(program, spends, total);
    const net = yearly + extra - program.joiningFees;
    // Points are checked by their sum: where that fits, each of the six does.
    if (
      yearly > MAX_DECIMAL_12_2 ||
      extra > MAX_DECIMAL_12_2 ||
      net > MAX_DECIMAL_12_2 ||
      sum / program.unit > POINTS_LIMIT
    ) {
      const misfit = findMisfit(program, spends, yearly, extra, net);
      if (misfit !== undefined) return misfit;
    }
    best.offer(index, net, yearly, extra);
  }
  return undefined;
}

/** Below the limit by more than any rounding, that of six whole points included. */
const POINTS_LIMIT = MAX_DECIMAL_12_2 - 1_000;

function findMisfit(
  program: CardProgram,
  spends: Float64Array,
  yearly: number,
  extra: number,
  net: number,
): string | undefined {
  const say = (column: string) => `${column} of ${nameOf(program.card)} does not fit DECIMAL(12,2)`;
  if (yearly > MAX_DECIMAL_12_2) return say('total_savings_yearly');
  if (extra > MAX_DECIMAL_12_2) return say('total_extra_benefits');
  if (net > MAX_DECIMAL_12_2) return say('net_savings');
  const { roundedPoints: points } = computeExactly(program.card, [...spends], program);
  const c = points.findIndex(value => value > MAX_DECIMAL_12_2);
  return c < 0 ? undefined : say(POINT_COLUMNS[c]!.name);
}

/** The six point columns of one row, in whole hundredths, from `at`. */
function fillPoints(
  program: CardProgram,
  spends: Float64Array,
  units: Float64Array,
  total: number,
  points: Float64Array,
  at: number,
): void {
  let known = !program.onlyExact;
  if (known && program.slabs === undefined) {
    flatUnits(program, spends, units);
    for (let c = 0; c < 6; c++) {
      const value = roundedPoints(program, units[c]!);
      points[at + c] = value;
      if (Number.isNaN(value)) known = false;
    }
  } else if (known) {
    const sum = slabUnits(program, total);
    known = sum < program.slabRoom; // a full cap is filled category by category
    for (let c = 0; known && c < 6; c++) {
      const value = slabShare(program, sum, spends[c]!, total);
      points[at + c] = value;
      if (Number.isNaN(value)) known = false;
    }
  }
  if (known) return;
  const exact = computeExactly(program.card, [...spends], program).roundedPoints;
  for (let c = 0; c < 6; c++) points[at + c] = exact[c]!;
}

/** Rows of six to six columns. */
function turn(byRow: Float64Array, rows: number): Float64Array {
  const columns = new Float64Array(rows * CATEGORIES.length);
  for (let c = 0; c < CATEGORIES.length; c++) {
    const base = c * rows;
    for (let r = 0; r < rows; r++) columns[base + r] = byRow[r * CATEGORIES.length + c]!;
  }
  return columns;
}
