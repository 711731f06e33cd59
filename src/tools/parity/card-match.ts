import { nameOf } from '../../engine/card-terms.ts';
import type { Card } from '../../engine/catalog-schema.ts';
import { foldName } from '../../model/format.ts';

/** A card as a source of truth names it. */
export interface NamedThere {
  readonly id?: number | undefined;
  readonly name: string;
}

/**
 * Our card for one of a foreign list: by `cardGenius.id`, which is stable, then by `cardGenius.name`, then by our names. Capitals and
 * blanks do not matter.
 */
export class CardMatch {
  readonly #byId = new Map<number, string>();
  readonly #byTheirs = new Map<string, string>();
  readonly #byOurs = new Map<string, string>();

  /** `declared`: the names of an engine of one's own, which has no catalogue. */
  constructor(cards: readonly Card[], declared: readonly string[] = []) {
    for (const name of declared) this.#byOurs.set(foldName(name), name);
    for (const card of cards) {
      const name = nameOf(card);
      this.#byOurs.set(foldName(card.name), name);
      this.#byOurs.set(foldName(name), name);
      if (card.cardGenius === undefined) continue;
      this.#byId.set(card.cardGenius.id, name);
      this.#byTheirs.set(foldName(card.cardGenius.name), name);
    }
  }

  /** Our name of one card; undefined where it is not ours. */
  find({ id, name }: NamedThere): string | undefined {
    const text = foldName(name);
    return (id === undefined ? undefined : this.#byId.get(id)) ?? this.#byTheirs.get(text) ?? this.#byOurs.get(text);
  }

  /** Our names of all cards of an answer: one of ours stands for one of theirs only, those that match by number first. */
  findAll(theirs: readonly NamedThere[]): (string | undefined)[] {
    const byId = theirs.map(({ id }) => (id === undefined ? undefined : this.#byId.get(id)));
    const taken = new Set<string>();
    const unique = (name: string | undefined) => {
      if (name === undefined || taken.has(name)) return undefined;
      taken.add(name);
      return name;
    };
    const first = byId.map(unique);
    return theirs.map((there, i) => first[i] ?? unique(this.find({ name: there.name })));
  }
}
