/** Doubts about a catalogue, card by card: none of them keeps it from being loaded. */
import { nameOf, plainFigure } from '../../engine/card-terms.ts';
import type { Card, CatalogFile } from '../../engine/catalog-schema.ts';
import { foldName } from '../../model/format.ts';
import { CATEGORIES } from '../../model/spending.ts';

export interface Doubt {
  readonly card: string;
  readonly field: string;
  readonly message: string;
}

/** Names that look alike, as foldName says: people, and databases that ignore case, take them for one. */
export function similarNames({ cards }: Pick<CatalogFile, 'cards'>): Doubt[] {
  const seen = new Map<string, Card>();
  return cards.flatMap(card => {
    const plain = foldName(nameOf(card));
    const other = seen.get(plain);
    if (other === undefined) seen.set(plain, card);
    if (other === undefined || nameOf(other) === nameOf(card)) return [];
    const field = card.displayName === undefined ? 'name' : 'displayName';
    const message = `"${nameOf(card)}" differs from ${other.id}'s name only in capitals, blanks or signs that look alike`;
    return [{ card: card.id, field, message }];
  });
}

/** What a VARCHAR of SQL Server can hold in the usual code page. */
const IN_VARCHAR = new Set(new TextDecoder('windows-1252').decode(Uint8Array.from({ length: 256 }, (_, byte) => byte)));

/** Names with signs that SQL Server would store as question marks, so that open_run refuses them: ₹, or a name in Devanagari. */
export function namesOutsideVarchar({ cards }: Pick<CatalogFile, 'cards'>): Doubt[] {
  return cards.flatMap(card => {
    const texts: readonly (readonly [field: string, text: string])[] = [
      ['id', card.id],
      [card.displayName === undefined ? 'name' : 'displayName', nameOf(card)],
      ...card.redemption.map(({ method }, i) => [`redemption[${i}].method`, method] as const),
    ];
    return texts.flatMap(([field, text]) => {
      const signs = [...new Set(text)].filter(sign => !IN_VARCHAR.has(sign));
      if (signs.length === 0) return [];
      const codes = signs.map(sign => `U+${sign.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`);
      const message = `has ${codes.slice(0, 5).join(', ')}: a run on SQL Server with the usual code page refuses it (CARD_NOT_KEPT)`;
      return [{ card: card.id, field, message }];
    });
  });
}

/** Rupees: no card of India costs as much; a fee above it was probably written in paise. */
const DEAREST_FEE = 75_000;
/** Rupees back for ₹100: more is probably points for another amount. */
const MOST_BACK = 25;

/** Figures that no card has: an order of magnitude too much, as paise for rupees make them. */
export function implausibleFigures({ cards }: Pick<CatalogFile, 'cards'>): Doubt[] {
  return cards.filter(card => card.status === 'open').flatMap(implausibleOf);
}

function implausibleOf({ id, fees, earn, slabs, caps = [], redemption, milestones = [] }: Card): Doubt[] {
  const best = Math.max(0, ...redemption.map(({ rate }) => rate));
  const rates: readonly (readonly [
    field: string,
    rate: { readonly points: number; readonly per: number } | undefined,
  ])[] = [
    ...Object.entries(earn ?? {}).map(([category, rate]) => [`earn.${category}`, rate] as const),
    ...(slabs?.bands ?? []).map((band, i) => [`slabs.bands[${i}]`, band] as const),
    ...caps.map(({ overflow }, i) => [`caps[${i}].overflow`, overflow] as const),
  ];
  const back = ([field, rate]: (typeof rates)[number]): Doubt[] => {
    const rupees = rate === undefined ? 0 : Math.round(((rate.points * 100) / rate.per) * best * 100) / 100;
    if (rupees <= MOST_BACK) return [];
    return [{ card: id, field, message: `gives ₹${plainFigure(rupees)} back for ₹100: are points and per right?` }];
  };
  return [
    ...(['joining', 'annual'] as const)
      .filter(which => fees[which] > DEAREST_FEE)
      .map(which => ({
        card: id,
        field: `fees.${which}`,
        message: `is ₹${plainFigure(fees[which])}: rupees are wanted, not paise`,
      })),
    ...rates.flatMap(back),
    ...milestones
      .map(({ spend, value }, i) => ({ spend, value, field: `milestones[${i}]` }))
      .filter(({ spend, value }) => spend > 0 && (100 * value) / spend > MOST_BACK)
      .map(({ spend, value, field }) => ({
        card: id,
        field,
        message: `gives ₹${plainFigure(value)} for a spend of ₹${plainFigure(spend)}: are both right?`,
      })),
  ];
}

/** A sentence that gives another source's figure, or an earlier one, contradicts nothing. */
const OTHERS =
  /CardGenius|\bCG\b|before|until|earlier|instead of|background|not modelled|offline|used to be|\bold\b|lists?\b/i;
const AMOUNT = String.raw`(?:INR |₹ ?)?(\d[\d,]*(?:\.\d+)?)`;
const FEE = new RegExp(String.raw`\b(?:joining |annual )?fee (?:is |of )?${AMOUNT}(?!\w|%)`, 'gi');
const WAIVER = new RegExp(String.raw`\bwaiver (?:threshold |at |from |is )?${AMOUNT}(?!\w|%)`, 'gi');
const CAP = new RegExp(String.raw`\bcapped (?:at )?${AMOUNT}(?!\w|%)`, 'gi');
const PERCENT =
  /(\d+(?:\.\d+)?) ?% (?:on|is|at|for) (?:other|all|online|everything|grocery|amazon(?! pay)|flipkart|myntra|ajio)/gi;

/** Figures in a card's note that none of the card's own figures confirms. */
export function noteContradictions({ cards }: Pick<CatalogFile, 'cards'>): Doubt[] {
  return cards.filter(card => card.status === 'open').flatMap(contradictionsOf);
}

function contradictionsOf(card: Card): Doubt[] {
  const { id, fees, caps = [], slabs, terms } = card;
  const points = caps.map(cap => cap.points);
  const sentences = (terms.note ?? '').split(/(?<=[.;])\s+/).filter(sentence => !OTHERS.test(sentence));
  const doubts = (pattern: RegExp, known: readonly number[], figures: string) =>
    sentences.flatMap(sentence =>
      [...sentence.matchAll(pattern)]
        .filter(([, figure]) => !known.includes(Number(figure!.replaceAll(',', ''))))
        .map(([text]) => ({
          card: id,
          field: 'terms.note',
          message: `the note says "${text.trim()}", but ${figures} ${known.length === 0 ? 'none' : [...new Set(known)].join(', ')}`,
        })),
    );
  return [
    ...doubts(FEE, [fees.joining, fees.annual], 'the fees are'),
    ...doubts(WAIVER, fees.annualWaiverSpend === undefined ? [] : [fees.annualWaiverSpend], 'the waiver is'),
    // A cap on what slabs give is a band of its own.
    ...(slabs === undefined ? doubts(CAP, points, 'the caps are') : []),
    ...doubts(PERCENT, percents(card), 'the rates in % are'),
  ];
}

/** All rates of a card as rupees for ₹100, by each of its ways to redeem, and as points for ₹100. */
function percents({ earn, slabs, caps = [], redemption }: Card): number[] {
  const rates = [
    ...(slabs?.bands ?? [earn.base, ...CATEGORIES.flatMap(category => earn[category] ?? [])]),
    ...caps.flatMap(cap => cap.overflow ?? []),
  ];
  return rates.flatMap(({ points, per }) =>
    [1, ...redemption.map(({ rate }) => rate)].map(rate => Math.round(((points * 100) / per) * rate * 100) / 100),
  );
}
