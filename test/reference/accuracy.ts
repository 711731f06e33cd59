/**
 * The exact reference against the engine, pair by pair: catalogues of ten cards, so that every card of every user is in the
 * answer, and users each aimed at an edge of one of the ten.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { createBuiltInEngine } from '../../src/engine/built-in.ts';
import { type AimedUser, aimAt, CRORE, EDGES, type Edge, LARGEST_AMOUNT } from './edge-users.ts';
import { answersOf, cardOf, catalogOf } from './engine-rows.ts';
import { rules, tenCards } from './random-cards.ts';
import { seededRandom } from './random-users.ts';
import { type ReferenceCard, type ReferenceRules, recommendExactly } from './reference.ts';

const PATH = join(import.meta.dirname, '../../catalog/cards.json');
const SHIPPED: readonly ReferenceCard[] = JSON.parse(await readFile(PATH, 'utf8')).cards.filter(
  (card: ReferenceCard) => card.status === 'open',
);

export interface EdgeCount {
  /** Pairs aimed at this edge: on it, a paisa below, a paisa above; or without sides. */
  on: number;
  below: number;
  above: number;
  free: number;
  /** Users of these that engine and reference both refuse. */
  refused: number;
  differences: number;
}

export interface AccuracyResult {
  /** Pairs of a user and the card that it was aimed at. */
  aimed: number;
  /** All pairs compared: each user is ranked for ten cards. */
  compared: number;
  users: number;
  differences: number;
  readonly edges: Record<Edge, EdgeCount>;
  /** The first differences, to be looked at. */
  readonly examples: string[];
}

export const nothingYet = (): AccuracyResult => ({
  aimed: 0,
  compared: 0,
  users: 0,
  differences: 0,
  edges: Object.fromEntries(
    EDGES.map(edge => [edge, { on: 0, below: 0, above: 0, free: 0, refused: 0, differences: 0 }]),
  ) as Record<Edge, EdgeCount>,
  examples: [],
});

const USERS_PER_TEN = 120;

/** Compares `aimed` pairs or a few more. The same seed gives the same pairs. */
export async function compareWithReference(aimed: number, seed: number): Promise<AccuracyResult> {
  const result = nothingYet();
  const random = seededRandom(seed);
  for (let round = 0; result.aimed < aimed; round++) {
    const isTie = round % 8 === 7;
    const isShipped = !isTie && round % 2 === 0;
    const cards = isTie ? tiedCards(random) : isShipped ? shippedTen(random) : oddTen(random);
    // The shipped cards mark no option as recommended, and the ties are made for the default rules.
    const { redemption, ...others } = isTie || random() < 0.3 ? {} : anyRules(random);
    const rules = isShipped ? others : { redemption, ...others };
    const users = aimUsers(cards, isTie, random, rules);
    await compareTen(cards, users, rules, result);
  }
  return result;
}

function aimUsers(
  cards: readonly ReferenceCard[],
  isTie: boolean,
  random: () => number,
  rules: ReferenceRules,
): AimedUser[] {
  const users: AimedUser[] = [];
  while (users.length < USERS_PER_TEN) {
    const edge = isTie ? 'tie in rank' : EDGES[Math.floor(random() * EDGES.length)]!;
    if (!isTie && edge === 'tie in rank') continue;
    // Not every card has every edge: some of the ten usually has it.
    for (let attempt = 0; attempt < 10; attempt++) {
      const user = aimAt(edge, cards[Math.floor(random() * 10)]!, random, rules);
      if (user === undefined) continue;
      users.push(user);
      break;
    }
  }
  return users;
}

function shippedTen(random: () => number): ReferenceCard[] {
  const left = [...SHIPPED];
  return Array.from({ length: 10 }, () => left.splice(Math.floor(random() * left.length), 1)[0]!);
}

/** Cards with every combination that the catalogue allows. */
function oddTen(random: () => number): ReferenceCard[] {
  const [cards] = fc.sample(tenCards, { seed: Math.floor(random() * 2 ** 31), numRuns: 1 });
  return cards as unknown as ReferenceCard[];
}

function anyRules(random: () => number): ReferenceRules {
  return fc.sample(rules, { seed: Math.floor(random() * 2 ** 31), numRuns: 1 })[0]!;
}

/** Ten cards that tie: in everything but the name, or in net but not in savings (a milestone makes up for it). */
function tiedCards(random: () => number): ReferenceCard[] {
  const [rate, fee] = [1 + Math.floor(random() * 5), Math.floor(random() * 1_000)];
  const names = ['a', 'B', 'ä', 'Z', 'aa', 'b', 'É', '中', '😀', '~'];
  return names.map((name, i) => {
    const gift = i % 3 === 0 ? 0 : 500;
    return cardOf(name, fee + gift, {
      earn: { base: { points: rate, per: 100 } },
      milestones: gift === 0 ? [] : [{ spend: 0, every: 'year', value: gift }],
    }) as unknown as ReferenceCard;
  });
}

async function compareTen(
  cards: readonly ReferenceCard[],
  users: readonly AimedUser[],
  rules: ReferenceRules,
  result: AccuracyResult,
) {
  const catalog = catalogOf(cards, rules);
  for (const limit of [CRORE, LARGEST_AMOUNT]) {
    const group = users.filter(user => (user.edge === 'DECIMAL(12,2)' ? LARGEST_AMOUNT : CRORE) === limit);
    const engine = createBuiltInEngine({ catalog, maxMonthlySpend: limit });
    const answers = await answersOf(
      engine,
      group.map(user => user.amounts),
    );
    group.forEach(({ edge, side, amounts }, i) => {
      const ours = answers[i]!;
      const theirs = recommendExactly(cards, amounts, limit, rules);
      const count = result.edges[edge];
      count[side === undefined ? 'free' : side === 0 ? 'on' : side < 0 ? 'below' : 'above']++;
      result.users++;
      result.aimed++;
      result.compared += cards.length;
      const differing = countDifferences(ours, theirs);
      if (!('rows' in theirs)) count.refused++;
      count.differences += differing;
      result.differences += differing;
      if (differing > 0 && result.examples.length < 5) {
        result.examples.push(JSON.stringify({ edge, rules, amounts, cards, ours, theirs }));
      }
    });
  }
}

type Ours = Awaited<ReturnType<typeof answersOf>>[number];

/** Rows that differ in rank or any column; ten where one refuses and the other does not, or for another reason. */
function countDifferences(ours: Ours, theirs: ReturnType<typeof recommendExactly>): number {
  if ('rows' in ours && 'rows' in theirs) {
    return theirs.rows.filter((row, i) => JSON.stringify(row) !== JSON.stringify(ours.rows[i])).length;
  }
  if ('rows' in ours || 'rows' in theirs || ours.failure !== theirs.failure) return 10;
  return ours.failure === 'INVALID_SPENDING' && ours.message !== theirs.message ? 10 : 0;
}

/** Adds up results of several threads. */
export function addResults(results: readonly AccuracyResult[]): AccuracyResult {
  const sum = nothingYet();
  for (const result of results) {
    sum.aimed += result.aimed;
    sum.compared += result.compared;
    sum.users += result.users;
    sum.differences += result.differences;
    sum.examples.push(...result.examples);
    for (const edge of EDGES) {
      for (const key of Object.keys(sum.edges[edge]) as (keyof EdgeCount)[])
        sum.edges[edge][key] += result.edges[edge][key];
    }
  }
  return sum;
}
