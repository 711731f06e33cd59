import type { Card } from '../../engine/catalog-schema.ts';

/** Our name for a card as somebody else calls it: by `cardGenius.name`, then by `name`; capitals and spaces do not matter. */
export class CardNames {
  readonly #byTheirs = new Map<string, string>();
  readonly #byOurs = new Map<string, string>();

  /** `known`: the cards that the engine recommends; others are not ours. */
  constructor(cards: readonly Pick<Card, 'name' | 'cardGenius'>[], known: readonly string[]) {
    const names = new Set(known);
    for (const name of known) this.#byOurs.set(plain(name), name);
    for (const { name, cardGenius } of cards) {
      if (cardGenius !== undefined && names.has(name)) this.#byTheirs.set(plain(cardGenius.name), name);
    }
  }

  find(name: string): string | undefined {
    const text = plain(name);
    return this.#byTheirs.get(text) ?? this.#byOurs.get(text);
  }
}

const plain = (name: string) => name.trim().toLowerCase().replace(/\s+/g, ' ');
