/** A card of the catalogue for people. */
import { CATEGORIES } from '../model/spending.ts';
import { counts, plainFigure } from './card-terms.ts';
import type { Card, EarnRate, Rules } from './catalog-schema.ts';
import type { Period } from './periods.ts';

const PERIOD: Readonly<Record<Period, string>> = {
  month: 'a month',
  quarter: 'a quarter',
  half_year: 'a half-year',
  year: 'a year',
};
const rateText = ({ points, per }: EarnRate): string => `${points} for every ₹${plainFigure(per)}`;

/** Under these rules of its catalogue. */
export function describeCard(card: Card, rules: Rules): string {
  const { fees, earn, slabs, caps = [], milestones = [], redemption, welcomeBenefit, cardGenius, terms } = card;
  const lines: [string, string][] = [
    ['id', card.id],
    ...(card.displayName === undefined ? [] : [['shown as', card.displayName] as [string, string]]),
    ['issuer', [card.issuer, card.network].filter(Boolean).join(', ')],
    ['status', card.status === 'open' ? 'open' : `${card.status}: never recommended`],
    ...(card.offer === undefined ? [] : [['offer', offerText(card.offer)] as [string, string]]),
    [
      'fees',
      `₹${plainFigure(fees.joining)} joining, ₹${plainFigure(fees.annual)} a year${waiver(fees.annualWaiverSpend)}, before GST`,
    ],
    ...(slabs === undefined
      ? [
          ['earns', rateText(earn.base)] as [string, string],
          ...CATEGORIES.flatMap(category =>
            earn[category] === undefined ? [] : [[`  ${category}`, rateText(earn[category])] as [string, string]],
          ),
        ]
      : slabs.bands.map((band): [string, string] => [
          'slab',
          `₹${plainFigure(band.from)} ${band.to === undefined ? 'and above' : `to ₹${plainFigure(band.to)}`} ${PERIOD[slabs.every]}: ${rateText(band)}`,
        ])),
    ...(slabs?.order === undefined ? [] : [['slab order', slabs.order.join(', ')] as [string, string]]),
    ...caps.map((cap): [string, string] => [
      'cap',
      `${plainFigure(cap.points)} ${cap.counts === 'bonus' ? 'bonus points' : 'points'} ${PERIOD[cap.every]} on ${cap.categories.join(', ')}` +
        `; beyond it ${cap.overflow === undefined ? 'nothing' : rateText(cap.overflow)}`,
    ]),
    ...redemption.map((way): [string, string] => [
      'redemption',
      `${way.method} at ₹${way.rate} for a point${way.recommended === true ? ', recommended' : ''}${counts(way, rules) ? '' : ' (never counts)'}`,
    ]),
    ...milestones.map(({ spend, every, value, counted, note }): [string, string] => [
      'milestone',
      `₹${plainFigure(spend)} ${PERIOD[every]} gives ₹${plainFigure(value)}${counted ? '' : ' (never counted)'}${note === undefined ? '' : `: ${note}`}`,
    ]),
    ...(welcomeBenefit === undefined
      ? []
      : [['welcome', `₹${plainFigure(welcomeBenefit.value)} (shown, never counted)`] as [string, string]]),
    ...(cardGenius === undefined ? [] : [['CardGenius', `${cardGenius.id}, ${cardGenius.name}`] as [string, string]]),
    ['terms', `of ${terms.asOf}, confidence ${terms.confidence}`],
    ...terms.sources.map((source): [string, string] => ['source', source]),
    ...(terms.note === undefined ? [] : [['note', terms.note] as [string, string]]),
  ];
  return [card.name, ...lines.map(([what, how]) => `  ${what.padEnd(14)}  ${how}`)].join('\n');
}

const waiver = (spend: number | undefined) =>
  spend === undefined ? '' : ` (waived from ₹${plainFigure(spend)} a year)`;

function offerText({ commissionable, sourceable, inviteOnly }: NonNullable<Card['offer']>): string {
  const say = (value: boolean | undefined) => (value === undefined ? 'unknown' : value ? 'yes' : 'no');
  return `commissionable ${say(commissionable)}, sourceable ${say(sourceable)}, invite only ${say(inviteOnly)}`;
}
