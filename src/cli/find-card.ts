import { distance } from '../model/distance.ts';
import { UsageError } from '../model/errors.ts';

interface Named {
  readonly id: string;
  readonly name: string;
  readonly displayName?: string | undefined;
}

/** The card that a text means: its id, a name of it, or a part of one that no other card has. Throws UsageError (NO_SUCH_CARD). */
export async function findCard<Card extends Named>(cards: readonly Card[], wanted: string): Promise<Card> {
  const text = wanted.toLowerCase();
  const exact = cards.find(card => [card.id, card.name, card.displayName].some(name => name?.toLowerCase() === text));
  if (exact !== undefined) return exact;
  const partly = cards.filter(card => card.id.toLowerCase().includes(text) || card.name.toLowerCase().includes(text));
  if (partly.length === 1) return partly[0]!;
  if (partly.length > 1) {
    throw new UsageError(
      'NO_SUCH_CARD',
      `${partly.length} cards match "${wanted}": ${idsOf(partly, 8)}. Name one of them.`,
    );
  }
  const found = nearest(cards, text);
  if (found.cards.length === 1 && found.far === 0) return found.cards[0]!; // each word of it, in whatever order
  const near = found.cards.slice(0, MOST_MEANT);
  throw new UsageError(
    'NO_SUCH_CARD',
    near.length > 0
      ? `No card is named "${wanted}". Did you mean ${near.map(card => card.id).join(' or ')}?`
      : `No card is named "${wanted}", and none nearly so. Its id, its name or a part of either is enough; ids are ${idsOf(cards, 3)}.`,
  );
}

function idsOf(cards: readonly Named[], most: number): string {
  const more = cards.length - most;
  return `${cards
    .slice(0, most)
    .map(card => card.id)
    .join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The cards in which each word of a text stands with a third of its letters wrong at most: those with the fewest wrong ones, and how many these are. */
function nearest<Card extends Named>(cards: readonly Card[], text: string) {
  const wanted = wordsOf(text);
  const found = cards.flatMap(card => {
    const words = wordsOf(`${card.id} ${card.name} ${card.displayName ?? ''}`);
    const far = wanted.map(word => Math.min(...words.map(other => distance(word, other))));
    return far.every((letters, i) => letters <= wanted[i]!.length / 3)
      ? [{ card, far: far.reduce((a, b) => a + b, 0) }]
      : [];
  });
  const least = Math.min(...found.map(({ far }) => far));
  return { far: least, cards: found.filter(({ far }) => far === least).map(({ card }) => card) };
}

/** How many cards are offered at most for a name that is none. */
const MOST_MEANT = 3;

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
