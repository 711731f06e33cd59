import type { ExchangeDatabase } from '../database/exchange.ts';
import type { HistoryDatabase } from '../database/history.ts';
import { nameOf } from '../engine/card-terms.ts';
import { loadCatalog } from '../engine/catalog.ts';
import { explainAll } from '../engine/explain.ts';
import { explanationSteps } from '../engine/explain-words.ts';
import type { EngineSource } from '../engine/source.ts';
import { formatHundredths, formatRupees, formatTenThousandths } from '../model/money.ts';

/** One user: spends, status, the cards that stand in the table, and how their figures come about. Undefined: no such user. */
export async function lookUpUser(
  database: Pick<ExchangeDatabase, 'readSpending'>,
  history: Pick<HistoryDatabase, 'readRecommendations'>,
  source: EngineSource,
  userId: string,
): Promise<object | undefined> {
  const stored = await database.readSpending(userId);
  if (stored === undefined) return undefined;
  const rows = await history.readRecommendations(userId);
  const explained = await explain(source, rows.map(row => row.cardName), stored.amounts); // biome-ignore format: one line
  let differ = 0;
  const cards = rows.map(row => {
    const found = explained.get(row.cardName);
    // Spends or catalogue have changed since: an explanation of other figures would only mislead.
    const isSame = found !== undefined && found.net === row.netSavings;
    if (!isSame) differ++;
    return {
      rank: row.rank,
      name: row.cardName,
      net: formatHundredths(row.netSavings),
      steps: isSame
        ? explanationSteps(found)
        : [
            ['savings', `${formatRupees(row.totalSavingsYearly)} a year`],
            ['milestones', formatRupees(row.totalExtraBenefits)],
            ['joining fee', formatRupees(row.joiningFees)],
            ['redemption', `${row.redemptionMethod} at ₹${formatTenThousandths(row.redemptionRate)} for a point`],
          ],
    };
  });
  return {
    userId: stored.userId,
    status: stored.status,
    error: stored.error,
    spending: stored.amounts.map(amount => (amount === null ? null : formatHundredths(amount))),
    cards,
    ...(differ === 0
      ? {}
      : {
          note:
            source.enginePath === undefined
              ? `${differ} of these cards were computed from other spends or another catalogue than today's: their steps are not shown.`
              : 'An engine of your own computed these cards: only the built-in one can tell each step.',
        }),
  };
}

async function explain(source: EngineSource, names: readonly string[], amounts: readonly (number | null)[]) {
  if (source.enginePath !== undefined) return new Map<string, never>();
  const catalog = await loadCatalog(source.catalogPath);
  const known = names.filter(name => catalog.cards.some(card => nameOf(card) === name));
  return new Map(explainAll(catalog, known, amounts).map(explanation => [explanation.name, explanation]));
}
