/** An answer of the API against our engine: all cards that both know, and the two tens. */

import { nameOf } from '../../engine/card-terms.ts';
import type { Engine } from '../../engine/engine.ts';
import { CARDS_PER_USER } from '../../model/recommendation.ts';
import { CATEGORIES, type Category } from '../../model/spending.ts';
import type { ApiCard } from '../api/answer.ts';
import { milestonesOf } from '../api/card-fit.ts';
import { type Figures, type FiguresOf, figuresOfCards } from '../api/our-figures.ts';
import { API_KEYS, amountsOf, KEYS } from '../api/request.ts';
import type { ApiAnswer } from '../api/saved-answers.ts';
import { theirFigures } from '../api/their-figures.ts';
import type { CardMatch } from './card-match.ts';
import type { LeftOut, ParityCase, ParityRow } from './case.ts';
import { computeTen, type OurCatalog, sixOf } from './ours.ts';

export class ApiCases {
  readonly #engine: Engine;
  readonly #match: CardMatch;
  readonly #catalog: OurCatalog | undefined;
  readonly #names: readonly string[];
  readonly #offered: ReadonlySet<string>;
  readonly #figuresOf: FiguresOf | undefined;

  /** `catalog` is undefined for an engine of one's own: then its ten are all that can be compared. */
  constructor(engine: Engine, match: CardMatch, catalog: OurCatalog | undefined) {
    this.#engine = engine;
    this.#match = match;
    this.#catalog = catalog;
    this.#names = (catalog?.cards ?? []).map(nameOf);
    this.#offered = new Set(engine.cards.map(card => card.name));
    this.#figuresOf = catalog && figuresOfCards(catalog, catalog.maxMonthlySpend);
  }

  async caseOf(answer: ApiAnswer): Promise<ParityCase | LeftOut> {
    const { userId } = answer;
    const amounts = amountsOf(answer.request);
    const ten = await computeTen(this.#engine, amounts);
    if ('refused' in ten) return { userId, leftOut: `our engine refuses the user: ${ten.refused}` };
    const figures = this.#figuresOf?.(amounts);
    const ours =
      figures === undefined || 'refused' in figures
        ? ten
        : figures.map((each, n) => rowOfFigures(this.#names[n]!, each));
    const names = this.#match.findAll(answer.cards);
    const theirs: ParityRow[] = [];
    const ranked: { readonly name: string; readonly net: number; readonly yearly: number; readonly open: boolean }[] =
      [];
    const [unknownCards, notOffered]: string[][] = [[], []];
    const unusable: { card: string; why: string }[] = [];
    for (const [i, card] of answer.cards.entries()) {
      const name = names[i] ?? (names.includes(card.name) ? `${card.name} (${card.id ?? i})` : card.name);
      const isAllowed = this.#catalog?.eligibleCards !== 'commissionable' || isCommissionable(card);
      const isKnown = names[i] !== undefined;
      if (!isKnown && isAllowed) unknownCards!.push(name);
      if (isKnown && !this.#offered.has(name)) notOffered!.push(name);
      const row = this.#rowOf(name, card, answer);
      if (typeof row === 'string') {
        unusable.push({ card: name, why: row });
        continue;
      }
      if (isKnown) theirs.push(row);
      if (isAllowed) ranked.push({ name, net: row.net, yearly: row.yearly, open: !isKnown || this.#offered.has(name) });
    }
    ranked.sort(
      (a, b) => b.net - a.net || b.yearly - a.yearly || Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
    );
    const missing = new Set(unusable.map(({ card }) => card));
    return {
      userId,
      ours,
      // A card that cannot be ranked there is left out of both tens.
      ourTen: missing.size === 0 ? ten.map(row => row.card) : this.#tenWithout(missing, ours, ten),
      theirs,
      theirTen: ranked
        .filter(({ open }) => open)
        .slice(0, CARDS_PER_USER)
        .map(({ name }) => name),
      theirTenOfAll: ranked.slice(0, CARDS_PER_USER).map(({ name }) => name),
      spends: sixOf(amounts),
      unknownCards: unknownCards!,
      notOffered: notOffered!,
      unusable,
      otherKeys: answer.otherKeys.length > 0,
    };
  }

  #tenWithout(missing: ReadonlySet<string>, ours: readonly ParityRow[], ten: readonly ParityRow[]): string[] {
    if (!ten.some(row => missing.has(row.card))) return ten.map(row => row.card);
    return ours
      .filter(row => this.#offered.has(row.card) && !missing.has(row.card))
      .sort((a, b) => b.net - a.net || b.yearly - a.yearly || Buffer.compare(Buffer.from(a.card), Buffer.from(b.card)))
      .slice(0, CARDS_PER_USER)
      .map(row => row.card);
  }

  /** Why it cannot be compared, or the card in our units. */
  #rowOf(name: string, card: ApiCard, answer: ApiAnswer): ParityRow | string {
    const value = card.recommended?.rate ?? 1;
    const theirs = theirFigures(
      card,
      answer,
      this.#catalog?.rules.fees ?? 'without_gst',
      milestonesOf(card.milestones, value),
    );
    const { yearly, extra = 0, joiningFees, net } = theirs;
    if (yearly === undefined) return 'the answer has no savings of the four keys, and no total of them';
    if (joiningFees === undefined || net === undefined) return 'the answer has no joining fee';
    return {
      card: name,
      yearly,
      extra,
      joiningFees,
      net,
      points: byCategory(theirs.points),
      rupees: byCategory(theirs.rupees),
      redemptionRate: rateOf(card),
      exactRate: exactRateOf(card),
      redemptionMethod: card.recommended?.method,
    };
  }
}

function byCategory(values: readonly (number | undefined)[]): Partial<Record<Category, number>> {
  return Object.fromEntries(KEYS.flatMap((key, k) => (values[k] === undefined ? [] : [[API_KEYS[key], values[k]]])));
}

/** What a point was worth in this answer, in ten-thousandths; undefined where nothing was earned. */
function rateOf(card: ApiCard): number | undefined {
  for (const key of KEYS) {
    const bucket = card.buckets.get(key);
    if (bucket === undefined || !bucket.units) continue;
    if (bucket.type === 'cashback') return 10_000;
    if (bucket.rate !== undefined) return Math.round(bucket.rate * 10_000);
  }
  return undefined;
}

/** Savings for each point, of the bucket that earned most. */
function exactRateOf({ buckets }: ApiCard): number | undefined {
  let [points, savings] = [0, 0];
  for (const key of KEYS) {
    const bucket = buckets.get(key);
    if (bucket?.savings !== undefined && (bucket.units ?? 0) > points)
      [points, savings] = [bucket.units!, bucket.savings];
  }
  return points === 0 ? undefined : savings / points;
}

function isCommissionable({ offer }: ApiCard): boolean {
  return offer.commissionable === true && offer.inviteOnly !== true && offer.sourceable !== false;
}

function rowOfFigures(card: string, { points, ...figures }: Figures): ParityRow {
  return { card, ...figures, points: Object.fromEntries(CATEGORIES.map((category, c) => [category, points[c]!])) };
}
