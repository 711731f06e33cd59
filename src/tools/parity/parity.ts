/** How well two answers for the same users agree: nets, the tens, points; per card, per column, and why not. */
import { nameOf } from '../../engine/card-terms.ts';
import type { Card, Rules } from '../../engine/catalog-schema.ts';
import { CARDS_PER_USER } from '../../model/recommendation.ts';
import { CATEGORIES } from '../../model/spending.ts';
import { medianOf } from '../../model/statistics.ts';
import { fitCard, rulesOf } from '../api/card-fit.ts';
import type { Evidence } from '../api/evidence.ts';
import type { CardMatch } from './card-match.ts';
import type { LeftOut, ParityCase, ParityRow } from './case.ts';
import { CardCauses, type Reason } from './causes.ts';
import { type Cause, type Change, changesToFitted, changesToRow } from './changes.ts';
import { type CardAgreement, CardTally, type ColumnAgreement, ColumnTally } from './tallies.ts';

export interface ParityOptions {
  /** Paise that do not count as a difference; for points, hundredths. */
  readonly tolerance: number;
  /** Share of users with everything matching below which the comparison fails. */
  readonly threshold: number;
  /** The catalogue, to look causes up in; undefined for an engine of one's own. */
  readonly catalog: { readonly cards: readonly Card[]; readonly rules: Rules } | undefined;
  /** Of answers of the API: what they say of each card, all of them. Filled while the users are added. */
  readonly evidence?: Evidence | undefined;
  readonly match: CardMatch;
  /** Whether the source has all its cards, so that one that we do not know is a finding. */
  readonly hasAllCards: boolean;
}

/** A card of a user whose figures are not the same. Paise. */
export interface Difference {
  readonly userId: string;
  readonly card: string;
  readonly ours: number;
  /** Undefined where the source does not have the card for this user. */
  readonly theirs: number | undefined;
  readonly reasons: readonly Reason[];
}

/** One of the PRD's measures: the share that was reached, and the one that is asked for. */
export interface Measure {
  readonly name: string;
  readonly share: number;
  readonly asked: number;
  readonly met: boolean;
}

export interface ParityReport {
  readonly passed: boolean;
  readonly measures: readonly Measure[];
  /** Compared users; and those that could not be, by why. */
  readonly users: number;
  readonly leftOut: readonly { readonly why: string; readonly users: number; readonly example: string }[];
  readonly tolerance: number;
  readonly threshold: number;
  /** Users all of whose cards have the same figures, points too, and who have the same ten. A fourth decimal is forgiven. */
  readonly usersMatching: number;
  readonly net: {
    readonly pairs: number;
    readonly matching: number;
    readonly withinRupee: number;
    readonly missing: number;
    readonly median: number;
    readonly worst: number;
  };
  readonly points: { readonly pairs: number; readonly matching: number };
  /** Of the source's ten, how many stand among ours; also over all its cards, whether we offer them or not. */
  readonly overlap: { readonly mean: number; readonly usersWithAllTen: number; readonly meanOfAll: number };
  readonly topFive: { readonly mean: number };
  /** Places, of ten a user, with the same card on both sides; and users with the same first card. */
  readonly ranks: { readonly places: number; readonly agreeing: number; readonly firstAgreeing: number };
  readonly causes: readonly {
    readonly cause: Cause;
    readonly pairs: number;
    readonly cards: number;
    readonly example: string;
  }[];
  readonly cards: readonly CardAgreement[];
  readonly columns: readonly ColumnAgreement[];
  /** Cards of the source that are not ours, that we know and do not offer, that could not be compared; and for how many users. */
  readonly unknownCards: readonly CardCount[];
  readonly notOffered: readonly CardCount[];
  readonly unusable: readonly CardCount[];
  readonly differences: readonly Difference[];
}

export interface CardCount {
  readonly name: string;
  readonly users: number;
  /** Users in whose ten of the source it stands. */
  readonly tens: number;
  readonly why?: string;
}

interface Pending {
  readonly userId: string;
  readonly ours: ParityRow;
  readonly theirs: ParityRow;
  readonly spends: readonly number[] | undefined;
  readonly otherKeys: boolean;
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
      if (!same) this.#pending.push({ userId, ours: row, theirs: other, spends, otherKeys });
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

  /** Card by card, so that what a change gives is compiled once. */
  #explained(): Difference[] {
    const { catalog, evidence, match, tolerance } = this.#options;
    const byName = new Map((catalog?.cards ?? []).map(card => [nameOf(card), card]));
    const apiRules = evidence === undefined ? undefined : rulesOf(evidence);
    const evidenceOf = new Map(
      [...(evidence?.cards.values() ?? [])].map(found => [match.find(found.card), found] as const),
    );
    const explainers = new Map<string, CardCauses>();
    return this.#pending.map(({ userId, ours, theirs, spends, otherKeys }) => {
      const card = byName.get(ours.card);
      const done = (reasons: readonly Reason[]) => {
        for (const cause of new Set(reasons.map(reason => reason.cause))) this.#tally(ours.card).explain(cause);
        return { userId, card: ours.card, ours: ours.net, theirs: theirs.net, reasons };
      };
      if (catalog === undefined || card === undefined || spends === undefined)
        return done(plainReasons(ours, theirs, tolerance));
      const terms = { card, rules: catalog.rules };
      const found = evidenceOf.get(ours.card);
      let explainer = explainers.get(ours.card);
      if (explainer === undefined) {
        let changes: readonly Change[];
        if (found === undefined || apiRules === undefined) changes = changesToRow(terms, theirs, spends);
        else changes = changesToFitted(terms, fitCard(found, apiRules), apiRules);
        explainer = new CardCauses(terms, changes, tolerance);
        // Guesses from one row are for that row alone.
        if (found !== undefined) explainers.set(ours.card, explainer);
      }
      return done(explainer.reasonsFor({ theirs, spends, otherKeys }));
    });
  }
}

/**
 * Whether all that differs is the rupees of equal points, by no more than the decimals of a point's value that the column cannot
 * hold. It is told as a cause, and is no fault of a catalogue.
 */
function isFourthDecimal(ours: ParityRow, theirs: ParityRow): boolean {
  const [rate, exact] = [ours.redemptionRate, theirs.exactRate];
  if (rate === undefined || exact === undefined || Math.abs(rate / 10_000 - exact) > 0.00005) return false;
  if (ours.extra !== theirs.extra || ours.joiningFees !== theirs.joiningFees) return false;
  let points = 0;
  for (const category of CATEGORIES) {
    const [mine, other] = [ours.points[category] ?? 0, theirs.points[category]];
    if (other !== undefined && Math.abs(mine - other) > 1) return false;
    points += mine;
  }
  return Math.abs(ours.yearly - theirs.yearly) <= points * 12 * Math.abs(rate / 10_000 - exact) + 2;
}

/** Which figures differ, where there is nothing to look causes up in. */
function plainReasons(ours: ParityRow, theirs: ParityRow, tolerance: number): Reason[] {
  const far = (a: number, b: number) => Math.abs(a - b) > tolerance;
  const gst = (a: number, b: number) => Math.abs(Math.round(a * 1.18) - b) <= 1;
  const [fee, other] = [ours.joiningFees, theirs.joiningFees];
  const shown = (a: number, b: number) => `${a / 100} here, ${b / 100} there`;
  const reasons: Reason[] = [];
  if (far(fee, other)) {
    const cause = gst(fee, other) || gst(other, fee) ? 'fee with GST' : 'fee';
    reasons.push({ cause, detail: shown(fee, other) });
  }
  const rest = ours.yearly + ours.extra - theirs.yearly - theirs.extra;
  if (Math.abs(rest) > tolerance || reasons.length === 0) {
    reasons.push({
      cause: 'unexplained',
      detail: `savings and extra benefits: ${shown(ours.yearly + ours.extra, theirs.yearly + theirs.extra)}`,
    });
  }
  return reasons;
}

function causesOf(
  differences: readonly Difference[],
  unknown: readonly CardCount[],
  notOffered: readonly CardCount[],
): ParityReport['causes'] {
  const causes = new Map<Cause, { pairs: number; cards: Set<string>; example: string }>();
  const add = (cause: Cause, pairs: number, card: string, example: string) => {
    const found = causes.get(cause) ?? { pairs: 0, cards: new Set<string>(), example };
    found.pairs += pairs;
    found.cards.add(card);
    causes.set(cause, found);
  };
  for (const { userId, card, reasons } of differences) {
    for (const { cause, detail } of reasons) add(cause, 1, card, `${userId}, ${card}: ${detail}`);
  }
  for (const { name, users, tens } of unknown)
    add('card unknown', users, name, `${name}: in the source's ten of ${tens} users`);
  for (const { name, users, tens } of notOffered) {
    if (tens > 0) add('card not offered', users, name, `${name}: in the source's ten of ${tens} users`);
  }
  return [...causes]
    .map(([cause, { pairs, cards, example }]) => ({ cause, pairs, cards: cards.size, example }))
    .sort((a, b) => b.pairs - a.pairs);
}

class Counts {
  readonly #cards = new Map<string, { users: number; tens: number; why?: string }>();

  get size(): number {
    return this.#cards.size;
  }

  add(name: string, ten: readonly string[], why?: string): void {
    const found = this.#cards.get(name) ?? { users: 0, tens: 0, ...(why === undefined ? {} : { why }) };
    found.users++;
    if (ten.includes(name)) found.tens++;
    this.#cards.set(name, found);
  }

  result(): CardCount[] {
    return [...this.#cards]
      .map(([name, counted]) => ({ name, ...counted }))
      .sort((a, b) => b.tens - a.tens || b.users - a.users || (a.name < b.name ? -1 : 1));
  }
}
