import { z } from 'zod';
import { CATEGORIES } from '../model/spending.ts';
import { PERIODS } from './periods.ts';

/**
 * The shape of `catalog/cards.json`. What a shape cannot say (contiguous bands, ten open cards) is in catalog-rules.ts.
 * `npm run catalog:schema` writes the JSON Schema for editors from this.
 */

/** A decimal with at most `places` places, as it is written. */
const decimal = (places: number) =>
  z
    .number()
    .nonnegative()
    .refine(value => new RegExp(`^\\d+(\\.\\d{1,${places}})?$`).test(String(value)), {
      message: `at most ${places} decimals`,
    });

/** No more than a DECIMAL(12,2) holds: a larger fee would not fit its column. */
const rupees = decimal(2).max(9_999_999_999.99);
const period = z.enum(PERIODS);
const category = z.enum(CATEGORIES);

/** "4 points for every ₹150", never pre-divided. */
const earnRate = z.strictObject({
  points: decimal(4),
  per: decimal(4).refine(per => per > 0, { message: 'must be above 0' }),
});
export type EarnRate = z.infer<typeof earnRate>;

const earn = z.strictObject({
  base: earnRate.describe('Every category without an entry of its own.'),
  amazon: earnRate.optional(),
  flipkart: earnRate.optional(),
  myntra: earnRate.optional(),
  ajio: earnRate.optional(),
  grocery: earnRate.optional(),
  otherOnline: earnRate.optional(),
});

const band = z.strictObject({
  from: rupees,
  to: rupees.optional().describe('Left out in the last band.'),
  points: decimal(4),
  per: decimal(4).refine(per => per > 0, { message: 'must be above 0' }),
});
export type Band = z.infer<typeof band>;

const cap = z.strictObject({
  categories: z.array(category).min(1).describe('They share the room, and fill it in this order.'),
  points: decimal(4),
  every: period,
  counts: z.enum(['total', 'bonus']).default('total').describe('bonus: only the accelerated part is capped.'),
  overflow: earnRate.optional().describe('What spend beyond the cap still earns.'),
});
export type Cap = z.infer<typeof cap>;

const milestone = z.strictObject({
  spend: rupees,
  every: period,
  value: rupees,
  counted: z.boolean().default(true).describe('false: shown, but not part of total_extra_benefits.'),
  note: z.string().optional(),
});
export type Milestone = z.infer<typeof milestone>;

const redemption = z.strictObject({
  method: z.string().min(1).max(50),
  rate: decimal(4)
    .refine(rate => rate <= 9.9999, { message: 'at most 9.9999 rupees for one point' })
    .describe('Rupees for one point. A cashback card has 1.'),
  recommended: z.boolean().optional().describe('The option that counts where the rules say so: exactly one of a card.'),
});

const rules = z.strictObject({
  milestones: z
    .enum(['earning', 'all'])
    .default('earning')
    .describe('Which spend counts for milestones: that in categories where the card earns, or all of it.'),
  redemption: z
    .enum(['vouchers_or_cashback', 'recommended'])
    .default('vouchers_or_cashback')
    .describe('What a point is worth: the best of Vouchers and Cashback, or the option marked as recommended.'),
  points: z.enum(['exact', 'whole']).default('exact').describe('whole: points of a category are rounded before caps.'),
  fees: z
    .enum(['without_gst', 'with_gst'])
    .default('without_gst')
    .describe('with_gst: joining_fees is 1.18 × the fee.'),
});
/** By which rules a catalogue's figures are computed. */
export type Rules = z.infer<typeof rules>;

const cardSchema = z.strictObject({
  id: z.string().min(1).max(100),
  name: z.string().min(1).max(200),
  displayName: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('What users are shown: card_name then. The names that result are unique and break ties.'),
  issuer: z.string().min(1),
  network: z.string(),
  status: z
    .enum(['open', 'unverified', 'invite_only', 'closed', 'superseded'])
    .describe('Only open cards are recommended.'),
  offer: z
    .strictObject({
      commissionable: z.boolean().optional(),
      sourceable: z.boolean().optional(),
      inviteOnly: z.boolean().optional(),
    })
    .optional()
    .describe('What is left out is unknown, and unknown is not commissionable.'),
  fees: z
    .strictObject({ joining: rupees, annual: rupees, annualWaiverSpend: rupees.optional() })
    .describe('Rupees before GST.'),
  earn,
  slabs: z
    .strictObject({
      every: period,
      bands: z.array(band).min(1),
      order: z
        .array(category)
        .min(1)
        .optional()
        .describe('The first category takes the first band; one that is not named earns nothing.'),
    })
    .optional()
    .describe('Rates on the whole spend of a period, marginal like tax bands. They win over earn.'),
  caps: z.array(cap).optional(),
  redemption: z.array(redemption).min(1),
  milestones: z.array(milestone).optional(),
  welcomeBenefit: z
    .strictObject({ value: rupees, note: z.string().optional() })
    .optional()
    .describe('Shown, never counted.'),
  cardGenius: z
    .strictObject({ id: z.int(), name: z.string().min(1), rate: z.number().nonnegative().optional() })
    .optional(),
  terms: z.strictObject({
    asOf: z.string(),
    confidence: z.enum(['high', 'medium', 'low']),
    sources: z.array(z.string()),
    note: z.string().optional(),
  }),
});
export type Card = z.infer<typeof cardSchema>;

export const catalogSchema = z.strictObject({
  $schema: z.string().optional(),
  version: z.string().min(1).describe('Goes into the record of every run.'),
  rules: rules.prefault({}),
  cards: z.array(cardSchema),
});
export type CatalogFile = z.infer<typeof catalogSchema>;
