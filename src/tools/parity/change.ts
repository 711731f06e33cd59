/** One thing that could be otherwise about a card of ours, so that the difference it makes can be tried. */
import type { Card, EarnRate, Rules } from '../../engine/catalog-schema.ts';
import { unitsPerRupee } from '../api/rates.ts';

const CAUSES = [
  'fee with GST',
  'fee',
  'value of a point',
  'rounding version',
  'milestone',
  'own cap',
  'card cap',
  'fill order',
  'bands',
  'earn rate',
  'other spends',
  'card unknown',
  'card not offered',
  'unexplained',
] as const;
export type Cause = (typeof CAUSES)[number];

export interface Terms {
  readonly card: Card;
  readonly rules: Rules;
}

/** One thing changed. */
export interface Change {
  readonly cause: Cause;
  readonly detail: string;
  apply(terms: Terms): Terms;
}

export const onCard =
  (edit: (card: Card) => Card): Change['apply'] =>
  ({ card, rules }) => ({ card: edit(card), rules });
export const onRules =
  (rules: Partial<Rules>): Change['apply'] =>
  terms => ({ card: terms.card, rules: { ...terms.rules, ...rules } });

export const isSame = (a: EarnRate, b: EarnRate): boolean => Math.abs(unitsPerRupee(a) - unitsPerRupee(b)) < 1e-12;
export const rateText = ({ points, per }: EarnRate): string => `${points} for every ₹${per}`;
