import { CARDS_PER_USER } from '../model/recommendation.ts';
import type { Band, Card, CatalogFile, EarnRate } from './catalog-schema.ts';

/** Something wrong with a catalogue: where, and what. */
export interface CatalogFault {
  /** The card's id, or undefined for the catalogue as a whole. */
  readonly card?: string;
  readonly field: string;
  readonly fault: string;
}

/** What the schema cannot say. Empty where the catalogue is right. */
export function findFaults({ cards }: CatalogFile): CatalogFault[] {
  const open = cards.filter(card => card.status === 'open').length;
  return [
    ...(open < CARDS_PER_USER
      ? [{ field: 'cards', fault: `only ${open} cards are open; a user needs ${CARDS_PER_USER} to choose from` }]
      : []),
    ...repeated(cards, 'id'),
    ...repeated(cards, 'name'),
    ...cards.flatMap(card => [...bandFaults(card), ...capFaults(card)]),
  ];
}

function repeated(cards: readonly Card[], field: 'id' | 'name'): CatalogFault[] {
  const seen = new Set<string>();
  return cards.flatMap(card => {
    if (!seen.has(card[field])) {
      seen.add(card[field]);
      return [];
    }
    return [{ card: card.id, field, fault: `"${card[field]}" is another card's ${field}, too` }];
  });
}

function bandFaults({ id, slabs }: Card): CatalogFault[] {
  if (slabs === undefined) return [];
  return slabs.bands.flatMap((band, index) => {
    const field = `slabs.bands[${index}]`;
    const start = index === 0 ? 0 : slabs.bands[index - 1]!.to;
    const isLast = index === slabs.bands.length - 1;
    const faults: CatalogFault[] = [];
    if (band.from !== start) faults.push({ card: id, field: `${field}.from`, fault: bandStart(band, start) });
    if (isLast && band.to !== undefined)
      faults.push({ card: id, field: `${field}.to`, fault: 'the last band has no end' });
    if (!isLast && (band.to === undefined || band.to <= band.from)) {
      faults.push({ card: id, field: `${field}.to`, fault: 'must be above the band’s from' });
    }
    return faults;
  });
}

function bandStart({ from }: Band, start: number | undefined): string {
  return `is ${from}, but must be ${start ?? 'the end of the band before'}: bands follow each other without a gap, from 0`;
}

function capFaults({ id, earn, slabs, caps = [] }: Card): CatalogFault[] {
  return caps.flatMap(({ categories, overflow }, index) => {
    const field = `caps[${index}]`;
    const faults: CatalogFault[] = [];
    if (new Set(categories).size < categories.length) {
      faults.push({ card: id, field: `${field}.categories`, fault: 'names a category twice' });
    }
    if (overflow !== undefined) {
      const rates: readonly EarnRate[] = slabs?.bands ?? categories.map(category => earn[category] ?? earn.base);
      if (rates.some(rate => overflow.points * rate.per > rate.points * overflow.per)) {
        faults.push({ card: id, field: `${field}.overflow`, fault: 'earns more than a rate that the cap limits' });
      }
    }
    return faults;
  });
}
