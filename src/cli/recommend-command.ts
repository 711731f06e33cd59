import type { Command } from 'commander';
import { loadCatalog } from '../engine/catalog.ts';
import { explainAll } from '../engine/explain.ts';
import { explanationJson, explanationText } from '../engine/explain-words.ts';
import { openEngine } from '../engine/open-engine.ts';
import type { EngineSource } from '../engine/source.ts';
import { whyNot } from '../engine/why-not.ts';
import type { RecommendationRow } from '../model/contract.ts';
import { CardGeniusError, UsageError } from '../model/errors.ts';
import { formatHundredths, formatRupees, parseHundredths } from '../model/money.ts';
import { CARDS_PER_USER, rowsOfFirstUser } from '../model/recommendation.ts';
import { SPENDING_COLUMNS } from '../model/spending.ts';
import { cardsTable, namedRow } from './cards-table.ts';
import { type Cli, type CommonOptions, command } from './cli.ts';
import { findCard } from './find-card.ts';

const SPENDS = ['amazon', 'flipkart', 'myntra', 'ajio', 'grocery', 'confirmed'] as const;
type SpendOptions = Readonly<Partial<Record<(typeof SPENDS)[number], string>>> &
  CommonOptions & { readonly explain?: boolean; readonly whyNot?: string };

export function defineRecommend(program: Command): void {
  const definition = program
    .command('recommend')
    .description('Computes the ten best cards for a user of the database, or for spends given here (rupees a month).')
    .argument('[user]', 'a user_id of the database');
  for (const spend of SPENDS) {
    definition.option(
      `--${spend} <rupees>`,
      spend === 'confirmed' ? 'everything confirmed (default: the five together)' : `a month on ${spend}`,
    );
  }
  definition.option('--explain', 'how each figure came about: rates, slabs, caps, redemption, milestones');
  definition.option('--why-not <card>', 'where this card stands, and what it lacks: its id, or a name');
  definition.addHelpText(
    'after',
    '\nExamples:\n  cardgenius recommend CK0000001\n  cardgenius recommend --amazon 50000 --flipkart 30000 --confirmed 120000 --explain',
  );
  command<SpendOptions>(definition, async (cli, [userId], options) => {
    const isGiven = SPENDS.some(spend => options[spend] !== undefined);
    if ((userId === undefined) === !isGiven) {
      throw new UsageError('RECOMMEND_WHOM', 'Name a user_id, or give spends (--amazon 50000 …): one of the two.');
    }
    const amounts =
      userId === undefined ? givenAmounts(options, cli.settings.maxMonthlySpend) : await storedAmounts(cli, userId);
    const rows = await recommendOne(cli.settings, userId ?? '', amounts);
    const why = options.whyNot === undefined ? undefined : await whyNotCard(cli.settings, amounts, options.whyNot);
    const explained = options.explain === true ? await explainRows(cli.settings, amounts, rows) : undefined;
    const spending = Object.fromEntries(
      SPENDING_COLUMNS.map((column, i) => [column, amounts[i] === null ? null : formatHundredths(amounts[i]!)]),
    );
    const cards = rows.map((row, i) =>
      explained === undefined ? namedRow(row) : { ...namedRow(row), explanation: explained.json[i] },
    );
    cli.print({ userId: userId ?? null, spending, cards, ...(why === undefined ? {} : { whyNot: why.json }) }, () =>
      [cardsTable(rows), explained?.text, why?.text].filter(text => text !== undefined).join('\n\n'),
    );
  });
}

/** The ten cards of one user by the configured engine. Throws where the spends cannot be believed. */
async function recommendOne(
  source: EngineSource,
  userId: string,
  amounts: readonly (number | null)[],
): Promise<RecommendationRow[]> {
  await using engine = await openEngine(source);
  const slice = { count: 1, userNo: Int32Array.of(1), amounts: Float64Array.from(amounts, amount => amount ?? 0) };
  const answer = await engine.recommend(slice);
  const [failure] = answer.failures;
  if (failure !== undefined) throw new CardGeniusError(failure.code, `No cards: ${failure.message}.`);
  return rowsOfFirstUser(userId, engine.cards, answer);
}

/** How the rows came about, by the built-in engine's rules. */
async function explainRows(
  source: EngineSource,
  amounts: readonly (number | null)[],
  rows: readonly RecommendationRow[],
): Promise<{ readonly text: string; readonly json: readonly object[] }> {
  refuseOwnEngine(source, '--explain');
  const names = rows.map(row => row.cardName);
  const explanations = explainAll(await loadCatalog(source.catalogPath), names, amounts);
  return { text: explanationText(explanations), json: explanations.map(explanationJson) };
}

function refuseOwnEngine({ enginePath }: EngineSource, option: string): void {
  if (enginePath === undefined) return;
  throw new UsageError(
    'EXPLAIN_BUILT_IN_ONLY',
    `${option} knows the rules of the built-in engine, not those of ${enginePath}. Leave it out.`,
  );
}

/** Where a card stands among all that may be recommended, and what it lacks to be among the ten. */
async function whyNotCard(
  source: EngineSource,
  amounts: readonly (number | null)[],
  wanted: string,
): Promise<{ readonly text: string; readonly json: object }> {
  refuseOwnEngine(source, '--why-not');
  const catalog = await loadCatalog(source.catalogPath);
  const card = await findCard(catalog.cards, wanted);
  const { explanation, place, cards, excluded, tenth, lacks } = whyNot(
    catalog,
    source.eligibleCards ?? 'open',
    card,
    amounts,
  );
  const { name } = explanation;
  const verdict =
    excluded !== undefined
      ? `${name} is not recommended: ${excluded}. With ${formatRupees(explanation.net)} a year it would be number ${place} of ${cards}.`
      : place <= CARDS_PER_USER
        ? `${name} is among the ten: number ${place} of ${cards}.`
        : `${name} is number ${place} of ${cards}: it lacks ${formatRupees(lacks)} a year to ${tenth.name}, the last of the ten.`;
  const others = excluded === undefined && place > CARDS_PER_USER ? [explanation, tenth] : [explanation];
  return {
    text: `${verdict}\n\n${explanationText(others, [place, CARDS_PER_USER])}`,
    json: {
      card: name,
      place,
      of: cards,
      excluded: excluded ?? null,
      lacks: formatHundredths(lacks),
      explanation: explanationJson(explanation),
      lastOfTheTen: explanationJson(tenth),
    },
  };
}

function givenAmounts(options: SpendOptions, most: number): number[] {
  const five = SPENDS.slice(0, 5).map(spend => rupees(spend, options[spend] ?? '0', most));
  const confirmed = options.confirmed;
  return [
    ...five,
    confirmed === undefined ? five.reduce((sum, paise) => sum + paise, 0) : rupees('confirmed', confirmed, most),
  ];
}

/** `most`: the largest amount that is believed, in paise. */
function rupees(option: string, text: string, most: number): number {
  const paise = parseHundredths(text);
  if (paise === undefined && /^\d+(\.\d{1,2})?$/.test(text)) {
    throw new UsageError(
      'RECOMMEND_AMOUNT',
      `--${option} ${text} is above the limit of ${formatHundredths(most)} rupees a month (maxMonthlySpend).`,
    );
  }
  if (paise === undefined) {
    throw new UsageError(
      'RECOMMEND_AMOUNT',
      `--${option} ${text} is not an amount: give rupees like 50000 or 1234.50.`,
    );
  }
  return paise;
}

async function storedAmounts(cli: Cli, userId: string): Promise<readonly (number | null)[]> {
  await using opened = await cli.open({ beside: true, light: true });
  const stored = await opened.database.readSpending(userId);
  if (stored === undefined) {
    const others = [userId.toUpperCase(), userId.toLowerCase()].filter(other => other !== userId);
    const found = await Promise.all(others.map(other => opened.database.readSpending(other)));
    const meant = others.find((_, i) => found[i] !== undefined);
    throw new CardGeniusError(
      'NO_SUCH_USER',
      `There is no user ${userId} in ${opened.database.description}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`,
    );
  }
  return stored.amounts;
}
