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
  const near = partly.length > 0 ? partly : cards;
  const [best] = near
    .map(card => ({
      card,
      far: Math.min(distance(card.id.toLowerCase(), text), distance(card.name.toLowerCase(), text)),
    }))
    .sort((a, b) => a.far - b.far);
  throw new UsageError(
    'NO_SUCH_CARD',
    partly.length > 1
      ? `${partly.length} cards match "${wanted}": ${partly
          .slice(0, 8)
          .map(card => card.id)
          .join(', ')}${partly.length > 8 ? ` and ${partly.length - 8} more` : ''}. Name one of them.`
      : `The catalogue has no card "${wanted}". Did you mean ${best?.card.id}?`,
  );
}
