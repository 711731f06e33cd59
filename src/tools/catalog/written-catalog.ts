/** A catalogue from the API as a file, and what it changes of another. */
import type { Catalog } from '../../engine/catalog.ts';
import type { Card, CatalogFile } from '../../engine/catalog-schema.ts';
import { writeWhole } from '../../exchange/write-whole.ts';

/** One card a line block, as an editor would have it. */
export const catalogText = (catalog: CatalogFile): string => `${JSON.stringify(catalog, null, 2)}\n`;

export const writeCatalog = (path: string, catalog: CatalogFile): Promise<void> =>
  writeWhole(path, catalogText(catalog));

export interface CardRefresh {
  readonly id: string;
  readonly name: string;
  readonly what: 'new' | 'gone' | 'renamed' | 'changed' | 'no longer complete';
  /** Field by field, before and after. */
  readonly fields: readonly { readonly field: string; readonly before: string; readonly after: string }[];
}

const FIELDS = ['status', 'fees', 'earn', 'slabs', 'caps', 'redemption', 'milestones', 'offer'] as const;

/** What asking again shows: cards that are new, gone or renamed, and fees, rates and the rest that are others. */
export function refreshOf(before: Pick<Catalog, 'cards'>, after: Pick<Catalog, 'cards'>): CardRefresh[] {
  const numberOf = (card: Card) => card.cardGenius?.id;
  const pairOf = (card: Card, among: readonly Card[]) =>
    among.find(other => numberOf(card) !== undefined && numberOf(other) === numberOf(card)) ??
    among.find(other => other.id === card.id);
  const gone = before.cards.filter(card => card.status === 'open' && pairOf(card, after.cards) === undefined);
  const rows: CardRefresh[] = gone.map(({ id, name }) => ({ id, name, what: 'gone', fields: [] }));
  for (const card of after.cards) {
    const old = pairOf(card, before.cards);
    if (old === undefined) {
      rows.push({ id: card.id, name: card.name, what: 'new', fields: [] });
      continue;
    }
    const fields = FIELDS.flatMap(field => {
      const [was, is] = [textOf(old[field]), textOf(card[field])];
      return was === is ? [] : [{ field, before: was, after: is }];
    });
    const oldName = old.cardGenius?.name ?? old.name;
    const newName = card.cardGenius?.name ?? card.name;
    if (oldName !== newName) fields.unshift({ field: 'name' as never, before: oldName, after: newName });
    if (fields.length === 0) continue;
    const isLost = old.status === 'open' && card.status === 'unverified';
    const what = isLost ? 'no longer complete' : fields.length === 1 && oldName !== newName ? 'renamed' : 'changed';
    rows.push({ id: card.id, name: card.name, what, fields });
  }
  return rows;
}

/** Without the order of keys, which says nothing. */
function textOf(value: unknown): string {
  if (value === undefined) return '-';
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
