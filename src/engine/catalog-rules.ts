import { CARDS_PER_USER, MAX_DECIMAL_12_2 } from '../model/recommendation.ts';
import { joiningFeeOf, nameOf } from './card-terms.ts';
import type { Band, Card, CatalogFile, EarnRate, Rules } from './catalog-schema.ts';

/** Something wrong with a catalogue: where, and what. */
export interface CatalogFault {
  /** The card's id, or undefined for the catalogue as a whole. */
  readonly card?: string;
  readonly field: string;
  readonly fault: string;
}

/** What the schema cannot say. Empty where the catalogue is right. */
export function findFaults({ cards, rules }: CatalogFile): CatalogFault[] {
  const open = cards.filter(card => card.status === 'open').length;
  return [
    ...(open < CARDS_PER_USER
      ? [{ field: 'cards', fault: `only ${open} cards are open; a user needs ${CARDS_PER_USER} to choose from` }]
      : []),
    ...repeated(cards, 'id'),
    ...repeated(cards, 'name'),
    ...repeatedNames(cards),
    ...cards.flatMap(card => [
      ...bandFaults(card),
      ...orderFaults(card),
      ...capFaults(card),
      ...redemptionFaults(card, rules),
      ...feeFaults(card, rules),
    ]),
  ];
}

/** Display names stand in for names: what results must be unique, too. */
function repeatedNames(cards: readonly Card[]): CatalogFault[] {
  const owners = new Map<string, Card>();
  return cards.flatMap(card => {
    const other = owners.get(nameOf(card));
    if (other === undefined) owners.set(nameOf(card), card);
    // Two equal names are already said to be so.
    if (other === undefined || other.name === card.name) return [];
    const field = card.displayName === undefined ? 'name' : 'displayName';
    return [{ card: card.id, field, fault: `"${nameOf(card)}" is what users are shown for ${other.id}, too` }];
  });
}

function orderFaults({ id, slabs }: Card): CatalogFault[] {
  const order = slabs?.order;
  if (order === undefined || new Set(order).size === order.length) return [];
  return [{ card: id, field: 'slabs.order', fault: 'names a category twice' }];
}

function redemptionFaults({ id, redemption }: Card, rules: Rules): CatalogFault[] {
  const marked = redemption.filter(option => option.recommended === true).length;
  if (rules.redemption !== 'recommended' || marked === 1) return [];
  const fault = `${marked} options are marked as recommended; the catalogue's rules need exactly one`;
  return [{ card: id, field: 'redemption', fault }];
}

function feeFaults(card: Card, rules: Rules): CatalogFault[] {
  if (joiningFeeOf(card, rules) <= MAX_DECIMAL_12_2) return [];
  return [{ card: card.id, field: 'fees.joining', fault: 'with GST it does not fit DECIMAL(12,2)' }];
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
