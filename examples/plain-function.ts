/**
 * An engine that wraps a plain function: rupees in, ten cards out. Name it in cron.config.ts: engine: './examples/plain-function.ts'.
 */
import { type Category, defineEngine, type EngineRow } from 'cardgenius-batch';

/** Twelve cards: rupees back for each ₹100 in the six categories, and a fee. */
const CARDS = [
  { name: 'Everyday', fee: 0, back: 1, best: {} },
  { name: 'Everyday Plus', fee: 500, back: 1.5, best: {} },
  { name: 'Everyday Gold', fee: 2_500, back: 2, best: {} },
  { name: 'Jungle', fee: 0, back: 1, best: { amazon: 5 } },
  { name: 'Jungle Prime', fee: 1_000, back: 1, best: { amazon: 7.5 } },
  { name: 'Kart', fee: 500, back: 1, best: { flipkart: 5, myntra: 7.5 } },
  { name: 'Wardrobe', fee: 500, back: 0.5, best: { myntra: 7.5, ajio: 7.5 } },
  { name: 'Basket', fee: 499, back: 0.5, best: { grocery: 10 } },
  { name: 'Online', fee: 999, back: 5, best: {} },
  { name: 'Starter', fee: 0, back: 0.25, best: {} },
  { name: 'Student', fee: 0, back: 0.5, best: { grocery: 1 } },
  { name: 'Traveller', fee: 5_000, back: 1, best: {} },
] as const;

/** The plain function: knows nothing of paise, rows or batches. Spends are rupees a month, and so is what comes back. */
function cashbackOf(card: (typeof CARDS)[number], category: Category, spend: number): number {
  const best: Partial<Record<Category, number>> = card.best;
  return (spend * (best[category] ?? card.back)) / 100;
}

export default defineEngine({
  name: 'plain-function',
  version: '1',
  cards: CARDS.map(card => ({
    name: card.name,
    joiningFees: card.fee * 100,
    redemptionMethod: 'Cashback',
    redemptionRate: 10_000,
  })),
  create: () => ({
    recommend({ spends }) {
      const rows = CARDS.map((card): EngineRow & { net: number } => {
        // From rupees to whole paise and hundredths: the one place where they are rounded.
        const hundredths = (category: Category) => Math.round(cashbackOf(card, category, spends[category] / 100) * 100);
        const points = {
          amazon: hundredths('amazon'),
          flipkart: hundredths('flipkart'),
          myntra: hundredths('myntra'),
          ajio: hundredths('ajio'),
          grocery: hundredths('grocery'),
          otherOnline: hundredths('otherOnline'),
        };
        const yearly = 12 * Object.values(points).reduce((sum, value) => sum + value, 0);
        return { card: card.name, yearly, extra: 0, points, net: yearly - card.fee * 100 };
      });
      return rows.sort((a, b) => b.net - a.net || (a.card < b.card ? -1 : 1)).slice(0, 10);
    },
  }),
});
