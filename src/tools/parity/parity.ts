/** How well two answers for the same users agree: nets, the tens, points; per card, per column, and why not. */
import { CARDS_PER_USER } from '../../model/recommendation.ts';
import { medianOf } from '../../model/statistics.ts';
import type { LeftOut, ParityCase } from './case.ts';
import { explainerOf, isFourthDecimal, type Pending, type Sources } from './explanations.ts';
import { Counts, causesOf, type Difference, type Measure, type ParityReport } from './report.ts';
import { CardTally, ColumnTally } from './tallies.ts';

export interface ParityOptions extends Sources {
  /** Paise that do not count as a difference; for points, hundredths. */
  readonly tolerance: number;
  /** Share of users with everything matching below which the comparison fails. */
  readonly threshold: number;
  /** Whether the source has all its cards; then one that we do not know is a finding. */
  readonly hasAllCards: boolean;
}

/** The PRD's thresholds; strictly more is asked for, and everything is more. */
const ASKED = { topTen: 0.8, topFive: 0.9, first: 0.95, points: 0.98 };

/** Takes users one by one, and keeps of each only what differs. */
export class Comparison {
  readonly #options: ParityOptions;
  readonly #cards = new Map<string, CardTally>();
  readonly #columns: ColumnTally;
  readonly #counts = { unknown: new Counts(), notOffered: new Counts(), unusable: new Counts() };
  readonly #leftOut = new Map<string, { users: number; example: string }>();
  readonly #pending: Pending[] = [];
  readonly #missing: Difference[] = [];
  #users = 0;
  #usersMatching = 0;
  #withinRupee = 0;
  #overlap = 0;
  #overlapOfAll = 0;
  #fives = 0;
  #usersWithAllTen = 0;
  #agreeing = 0;
  #firstAgreeing = 0;

  constructor(options: ParityOptions) {
    this.#options = options;
    this.#columns = new ColumnTally(options.tolerance);
  }

  get users(): number {
    return this.#users;
  }

  leaveOut({ userId, leftOut }: LeftOut): void {
    const why = leftOut;
    const found = this.#leftOut.get(why) ?? { users: 0, example: userId };
    found.users++;
    this.#leftOut.set(why, found);
  }

  add(each: ParityCase): void {
    this.#users++;
    const { userId, ours, ourTen, theirs, theirTen, theirTenOfAll, spends, otherKeys } = each;
    const mine = new Map(ours.map(row => [row.card, row]));
    const found = new Set(theirs.map(row => row.card));
    const unusable = new Set(each.unusable.map(({ card }) => card));
    let all = ourTen.length === CARDS_PER_USER;
    for (const other of theirs) {
      const row = mine.get(other.card);
      if (row === undefined) continue;
      const tally = this.#tally(row.card);
      const same = this.#columns.add(row, other);
      const size = Math.abs(row.net - other.net);
      const matches = size <= this.#options.tolerance;
      tally.add(size, matches);
      if (size <= 100) this.#withinRupee++;
      if (!same && !isFourthDecimal(row, other)) all = false;
      if (!same) {
        // With answers our figures are computed again from the catalogue: a hundred thousand rows need not be kept.
        const { catalog, evidence } = this.#options;
        const kept = catalog === undefined || evidence === undefined || spends === undefined ? row : undefined;
        this.#pending.push({ userId, card: row.card, net: row.net, ours: kept, theirs: other, spends, otherKeys });
      }
    }
    for (const card of ourTen) {
      if (found.has(card) || unusable.has(card)) continue;
      all = false;
      this.#tally(card).missing++;
      this.#missing.push({ userId, card, ours: mine.get(card)!.net, theirs: undefined, reasons: [] });
    }
    const shared = ourTen.filter(card => theirTen.includes(card)).length;
    if (shared === CARDS_PER_USER) this.#usersWithAllTen++;
    else all = false;
    this.#overlap += shared;
    this.#overlapOfAll += ourTen.filter(card => theirTenOfAll.includes(card)).length;
    this.#fives += ourTen.slice(0, 5).filter(card => theirTen.slice(0, 5).includes(card)).length;
    this.#agreeing += ourTen.filter((card, place) => theirTen[place] === card).length;
    if (ourTen.length > 0 && theirTen[0] === ourTen[0]) this.#firstAgreeing++;
    if (all) this.#usersMatching++;
    for (const name of each.unknownCards) this.#counts.unknown.add(name, theirTenOfAll);
    for (const name of each.notOffered) this.#counts.notOffered.add(name, theirTenOfAll);
    for (const { card, why } of each.unusable) this.#counts.unusable.add(card, theirTenOfAll, why);
  }

  #tally(card: string): CardTally {
    const tally = this.#cards.get(card) ?? new CardTally(card);
    this.#cards.set(card, tally);
    return tally;
  }

  report(): ParityReport {
    const { tolerance, threshold } = this.#options;
    const differences = [...this.#explained(), ...this.#missing];
    const cards = [...this.#cards.values()].map(tally => tally.result());
    const sizes = [...this.#cards.values()].flatMap(tally => tally.sizes).sort((a, b) => a - b);
    const missing = this.#missing.length;
    const measures = this.#measures();
    const unknownCards = this.#counts.unknown.result();
    const notOffered = this.#counts.notOffered.result();
    return {
      passed: this.#users > 0 && measures.every(measure => measure.met),
      measures,
      users: this.#users,
      leftOut: [...this.#leftOut].map(([why, counted]) => ({ why, ...counted })).sort((a, b) => b.users - a.users),
      tolerance,
      threshold,
      usersMatching: this.#usersMatching,
      net: {
        pairs: sizes.length + missing,
        matching: cards.reduce((sum, card) => sum + card.matching, 0),
        withinRupee: this.#withinRupee,
        missing,
        median: medianOf(sizes),
        worst: sizes.at(-1) ?? 0,
      },
      points: this.#columns.points,
      overlap: {
        mean: this.#overlap / Math.max(1, this.#users),
        usersWithAllTen: this.#usersWithAllTen,
        meanOfAll: this.#overlapOfAll / Math.max(1, this.#users),
      },
      topFive: { mean: this.#fives / Math.max(1, this.#users) },
      ranks: {
        places: this.#users * CARDS_PER_USER,
        agreeing: this.#agreeing,
        firstAgreeing: this.#firstAgreeing,
      },
      causes: causesOf(differences, unknownCards, notOffered),
      cards: cards.sort((a, b) => b.pairs - b.matching - (a.pairs - a.matching) || (a.card < b.card ? -1 : 1)),
      columns: this.#columns.result(),
      unknownCards,
      notOffered,
      unusable: this.#counts.unusable.result(),
      differences,
    };
  }

  #measures(): Measure[] {
    const users = Math.max(1, this.#users);
    const out = [...this.#leftOut.values()].reduce((sum, { users }) => sum + users, 0);
    const { pairs, matching } = this.#columns.points;
    const above = (name: string, share: number, asked: number) => ({
      name,
      share,
      asked,
      met: share > asked || share === 1,
    });
    const everything = this.#usersMatching / Math.max(1, this.#users + out);
    const unknown = this.#options.hasAllCards ? this.#counts.unknown.size : 0;
    return [
      {
        name: 'users with everything matching',
        share: everything,
        asked: this.#options.threshold,
        met: everything >= this.#options.threshold,
      },
      above('top ten', this.#overlap / (users * CARDS_PER_USER), ASKED.topTen),
      above('top five', this.#fives / (users * 5), ASKED.topFive),
      above('first card', this.#firstAgreeing / users, ASKED.first),
      above('points', pairs === 0 ? 1 : matching / pairs, ASKED.points),
      {
        name: 'cards of the source that are known here',
        share: unknown === 0 ? 1 : 1 - unknown / (unknown + this.#cards.size),
        asked: 1,
        met: unknown === 0,
      },
    ];
  }

  /** In the order in which the pairs came, explained card by card. */
  #explained(): Difference[] {
    const reasonsOf = explainerOf(this.#options);
    const differences: Difference[] = new Array(this.#pending.length);
    for (const numbers of Map.groupBy(this.#pending.keys(), i => this.#pending[i]!.card).values()) {
      for (const i of numbers) {
        const { userId, card, net, theirs } = this.#pending[i]!;
        const reasons = reasonsOf(this.#pending[i]!);
        for (const cause of new Set(reasons.map(reason => reason.cause))) this.#tally(card).explain(cause);
        differences[i] = { userId, card, ours: net, theirs: theirs.net, reasons };
      }
    }
    return differences;
  }
}
