/** What answers say of each card, kept small: a thousand answers of 138 cards fit in some tens of megabytes. */
import type { ApiBucket, ApiCard } from './answer.ts';
import { type ApiRequest, bucketsOf, KEYS } from './request.ts';
import type { ApiAnswer } from './saved-answers.ts';

/** One card in one answer. By key: in the order of KEYS. */
export interface Observation {
  readonly answer: number;
  /** Rupees a month. */
  readonly spends: readonly number[];
  /** Points a month, or rupees on a cashback card; undefined where the answer does not say. */
  readonly units: readonly (number | undefined)[];
  /** Rupees a month of our four keys together; undefined where one is missing. */
  readonly savings: number | undefined;
  /** Of keys beyond ours: what they earned, and the spend that earned it. */
  readonly otherUnits: number;
  readonly otherSpend: number;
  /** Paise. */
  readonly extra: number | undefined;
}

export interface CardEvidence {
  /** As the latest answer has it, without its buckets. */
  readonly card: Omit<ApiCard, 'buckets'>;
  readonly types: readonly ('points' | 'cashback')[];
  /** Units a month, by key and for the whole card; undefined is no cap. */
  readonly caps: readonly (number | undefined)[];
  readonly totalCap: number | undefined;
  /** The value of a unit as the buckets say it; undefined where none does. */
  readonly rate: number | undefined;
  /** Keys as numbers in KEYS, in the order in which the API lists them. */
  readonly listed: readonly number[];
  readonly observations: readonly Observation[];
  /** Facts that are not the same in all answers. */
  readonly varying: ReadonlySet<string>;
}

interface Growing extends CardEvidence {
  card: Omit<ApiCard, 'buckets'>;
  rate: number | undefined;
  types: ('points' | 'cashback')[];
  caps: (number | undefined)[];
  totalCap: number | undefined;
  /** What the buckets that earn say of caps. */
  capsSaid: (string | undefined)[];
  listed: readonly number[];
  observations: Observation[];
  varying: Set<string>;
  signatures: Readonly<Record<string, string>>;
}

/** The same card in another answer: by its number, which is stable, else by its name. */
export const keyOf = ({ id, name }: Pick<ApiCard, 'id' | 'name'>): string =>
  id === undefined ? `name ${name.toLowerCase()}` : `id ${id}`;

export class Evidence {
  readonly #cards = new Map<string, Growing>();
  answers = 0;

  get cards(): ReadonlyMap<string, CardEvidence> {
    return this.#cards;
  }

  add({ request, cards }: Pick<ApiAnswer, 'request' | 'cards'>): void {
    const answer = this.answers++;
    const spends = KEYS.map(key => request[key]); // one list for all cards
    for (const card of cards) this.#addCard(answer, request, spends, card);
  }

  #addCard(answer: number, request: ApiRequest, spends: readonly number[], whole: ApiCard): void {
    const { buckets, ...card } = whole;
    const ours = bucketsOf(whole, request);
    const signatures = signaturesOf(card);
    const key = keyOf(card);
    let found = this.#cards.get(key);
    if (found === undefined) {
      found = {
        card,
        types: KEYS.map(() => 'points' as const),
        caps: KEYS.map(() => undefined),
        totalCap: undefined,
        capsSaid: KEYS.map(() => undefined),
        rate: undefined,
        listed: [],
        observations: [],
        varying: new Set(),
        signatures,
      };
      this.#cards.set(key, found);
    }
    for (const [field, text] of Object.entries(signatures)) {
      if (text !== found.signatures[field]) found.varying.add(field);
    }
    found.card = card;
    // A bucket that earns nothing may say anything.
    for (const [k, bucket] of ours.entries()) {
      if (bucket === undefined || !((bucket.units ?? 0) > 0)) continue;
      found.types[k] = bucket.type;
      found.rate ??= bucket.rate;
      const said = `${bucket.maxCap} ${bucket.totalMaxCap}`;
      if ((found.capsSaid[k] ?? said) !== said) found.varying.add('caps');
      found.capsSaid[k] = said;
      found.caps[k] = bucket.maxCap;
      found.totalCap ??= bucket.totalMaxCap;
    }
    const listed = [...buckets.keys()].map(name => (KEYS as readonly string[]).indexOf(name)).filter(k => k >= 0);
    if (listed.length > found.listed.length) found.listed = listed;
    found.observations.push(observationOf(answer, spends, card, buckets, ours));
  }
}

function signaturesOf({
  fee,
  feeBeforeGst,
  options,
  recommended,
  milestones,
}: Omit<ApiCard, 'buckets'>): Readonly<Record<string, string>> {
  return {
    fees: `${fee} ${feeBeforeGst}`,
    redemption: JSON.stringify([options, recommended]),
    milestones: JSON.stringify(milestones.map(({ eligible: _, ...terms }) => terms)),
  };
}

function observationOf(
  answer: number,
  spends: readonly number[],
  { extra }: Pick<ApiCard, 'extra'>,
  buckets: ReadonlyMap<string, ApiBucket>,
  ours: readonly (ApiBucket | undefined)[],
): Observation {
  let [otherUnits, otherSpend] = [0, 0];
  for (const [key, { spend, units = 0 }] of buckets) {
    if ((KEYS as readonly string[]).includes(key) || units === 0) continue;
    otherUnits += units;
    otherSpend += spend;
  }
  const savings = ours.reduce<number | undefined>(
    (sum, bucket) => (sum === undefined || bucket?.savings === undefined ? undefined : sum + bucket.savings),
    0,
  );
  return { answer, spends, units: ours.map(bucket => bucket?.units), savings, otherUnits, otherSpend, extra };
}
