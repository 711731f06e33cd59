/** A catalogue from what the API answers: which cards are complete, and what would complete the others. */
import type { CatalogFile } from '../../engine/catalog-schema.ts';
import { catalogSchema } from '../../engine/catalog-schema.ts';
import { CardGeniusError } from '../../model/errors.ts';
import { CARDS_PER_USER } from '../../model/recommendation.ts';
import { CATEGORIES } from '../../model/spending.ts';
import type { ApiCard } from '../api/answer.ts';
import { type ApiRules, type FittedCard, fitCard, rulesOf } from '../api/card-fit.ts';
import { type Evidence, keyOf } from '../api/evidence.ts';
import { type Figures, figuresOfCards } from '../api/our-figures.ts';
import type { Gap } from '../api/points-fit.ts';
import { API_KEYS, amountsOf, KEYS } from '../api/request.ts';
import type { ApiAnswer } from '../api/saved-answers.ts';
import { theirFigures } from '../api/their-figures.ts';
import { type CatalogOrigin, canWriteBands, catalogCard } from '../api/to-catalog.ts';

export interface CardOutcome {
  readonly id: string;
  readonly name: string;
  readonly complete: boolean;
  /** What is not determined, why, and the request that would determine it. */
  readonly gaps: readonly Gap[];
  readonly remarks: readonly string[];
}

export interface BuiltCatalog {
  readonly catalog: CatalogFile;
  readonly rules: ApiRules;
  readonly cards: readonly CardOutcome[];
  readonly complete: number;
  /** Answers that were fitted on, and others that the catalogue was compared with. */
  readonly fitted: number;
  readonly heldOut: number;
}

/**
 * Fits a catalogue on answers, and compares it with those that were held out. Throws CardGeniusError (FROM_API_FEW) where fewer
 * than ten cards are complete.
 */
export function buildCatalog(evidence: Evidence, heldOut: readonly ApiAnswer[], origin: CatalogOrigin): BuiltCatalog {
  const rules = rulesOf(evidence);
  const fits = [...evidence.cards].map(([key, card]) => ({ key, fitted: fitCard(card, rules) }));
  const found = fits.map(({ key, fitted }) => ({ key, fitted, gaps: gapsOf(fitted) }));
  const draft = catalogOf(found, rules, origin);
  const misses = compareHeldOut(found, draft, heldOut, rules);
  const judged = found.map(each => ({ ...each, gaps: [...each.gaps, ...(misses.get(each.key) ?? [])] }));
  const catalog = catalogOf(judged, rules, origin);
  const cards = judged.map(({ fitted, gaps }, i) => ({
    id: catalog.cards[i]!.id,
    name: catalog.cards[i]!.name,
    complete: gaps.length === 0,
    gaps,
    remarks: fitted.remarks,
  }));
  const complete = cards.filter(card => card.complete).length;
  if (complete < CARDS_PER_USER) {
    const example = cards.find(card => !card.complete);
    throw new CardGeniusError(
      'FROM_API_FEW',
      `Only ${complete} of ${cards.length} cards are complete, and a catalogue needs ${CARDS_PER_USER}: nothing was written.` +
        (example === undefined ? '' : ` For example ${example.name}: ${describeGap(example.gaps[0]!)}.`),
    );
  }
  return { catalog, rules, cards, complete, fitted: evidence.answers, heldOut: heldOut.length };
}

const describeGap = ({ field, why, request }: Gap): string =>
  `${field}: ${why}${request === undefined ? '' : `; the request ${JSON.stringify(request)} would tell`}`;

function gapsOf(fitted: FittedCard): Gap[] {
  const gaps = [...fitted.gaps];
  if (fitted.earning !== undefined && !canWriteBands(fitted.earning)) {
    gaps.push({ field: 'slabs', why: 'a threshold is no whole paise in any period' });
  }
  return gaps;
}

interface Found {
  readonly key: string;
  readonly fitted: FittedCard;
  readonly gaps: readonly Gap[];
}

function catalogOf(found: readonly Found[], rules: ApiRules, origin: CatalogOrigin): CatalogFile {
  const names = new Map<string, number>();
  const cards = found.map(({ fitted, gaps }) => {
    const card = catalogCard(fitted, gaps.map(describeGap), origin) as { id: string; name: string };
    // Names are unique in a catalogue, capitals and blanks aside; the API's need not be.
    const plain = card.name.toLowerCase();
    const times = (names.get(plain) ?? 0) + 1;
    names.set(plain, times);
    return times === 1 ? card : { ...card, name: `${card.name.slice(0, 180)} (${fitted.evidence.card.id ?? times})` };
  });
  return catalogSchema.parse({
    version: `${origin.day}-api`,
    rules: {
      milestones: rules.milestones,
      redemption: 'recommended',
      points: rules.whole ? 'whole' : 'exact',
      fees: rules.fees,
    },
    cards,
  });
}

/** Of each card, by its key, where it differs from answers that it was not fitted on. */
function compareHeldOut(
  found: readonly Found[],
  catalog: CatalogFile,
  answers: readonly ApiAnswer[],
  rules: ApiRules,
): Map<string, Gap[]> {
  const misses = new Map<string, Gap[]>();
  const figuresOf = figuresOfCards({ cards: catalog.cards, rules: catalog.rules }, 1e12);
  const numbers = new Map(found.map(({ key }, n) => [key, n]));
  for (const answer of answers) {
    const ours = figuresOf(amountsOf(answer.request));
    if ('refused' in ours) continue;
    for (const card of answer.cards) {
      const key = keyOf(card);
      const n = numbers.get(key);
      if (n === undefined || misses.has(key) || found[n]!.gaps.length > 0) continue;
      const field = differingField(ours[n]!, card, answer, rules, found[n]!.fitted);
      if (field === undefined) continue;
      const why = `a request that was held out is answered otherwise: ${field}`;
      misses.set(key, [{ field: field.split(':', 1)[0]!, why, request: answer.request }]);
    }
  }
  return misses;
}

const CATEGORY_NO = KEYS.map(key => CATEGORIES.indexOf(API_KEYS[key]));

function differingField(
  ours: Figures,
  card: ApiCard,
  answer: ApiAnswer,
  rules: ApiRules,
  fitted: FittedCard,
): string | undefined {
  const others = answer.otherKeys.length > 0;
  const isShared = fitted.earning?.totalCap !== undefined || fitted.earning?.bands !== undefined;
  if (others && isShared) return undefined; // spends that the batch does not know took part
  const theirs = theirFigures(card, answer, rules.fees, fitted.milestones);
  for (const [k, c] of CATEGORY_NO.entries()) {
    const units = theirs.points[k] ?? theirs.rupees[k];
    if (units !== undefined && Math.abs(ours.points[c]! - units) > 1) {
      return `earn.${KEYS[k]}: ${ours.points[c]! / 100} computed, ${units / 100} answered`;
    }
  }
  const far = (a: number, b: number | undefined, slack: number) => b !== undefined && Math.abs(a - b) > slack;
  const points = ours.points.reduce((sum, each) => sum + each, 0) / 100;
  const yearlySlack = 1 + (fitted.remarks.length > 0 ? points * 12 * 100 * 0.00005 : 0);
  if (far(ours.yearly, theirs.yearly, yearlySlack)) {
    return `redemption: ${ours.yearly / 100} rupees a year computed, ${theirs.yearly! / 100} answered`;
  }
  if (far(ours.extra, theirs.extra, 1)) {
    return `milestones: ${ours.extra / 100} rupees a year computed, ${theirs.extra! / 100} answered`;
  }
  if (far(ours.joiningFees, theirs.joiningFees, 1)) {
    return `fees.joining: ${ours.joiningFees / 100} computed, ${theirs.joiningFees! / 100} answered`;
  }
  return undefined;
}
