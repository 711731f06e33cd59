import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { createBuiltInEngine } from '../../src/engine/built-in.ts';
import { loadCatalog } from '../../src/engine/catalog.ts';
import { CardGeniusError, UsageError } from '../../src/model/errors.ts';
import { amountsOf, apiRequest, readAnswers } from '../../src/tools/parity/api-answers.ts';
import { ApiClient } from '../../src/tools/parity/api-client.ts';
import { CardNames } from '../../src/tools/parity/card-names.ts';
import { differenceRow, parityHtml } from '../../src/tools/parity/pages.ts';
import { compareParity } from '../../src/tools/parity/parity.ts';
import { casesFromAnswers, sixOf } from '../../src/tools/parity/sources.ts';
import { seededRandom } from '../reference/random-users.ts';
import { type ApiVariant, type MadeCard, type MadeSpends, makeRequest, makeResponse } from '../support/api-answers.ts';

const PATH = join(import.meta.dirname, '../../catalog/cards.json');
const CATALOG = await loadCatalog(PATH);
const MADE: readonly MadeCard[] = JSON.parse(await readFile(PATH, 'utf8')).cards;
const ENGINE = createBuiltInEngine({ catalog: CATALOG, maxMonthlySpend: 1_000_000_000 });
const NAMES = new CardNames(
  CATALOG.cards,
  ENGINE.cards.map(card => card.name),
);
const OPTIONS = { tolerance: 1, threshold: 0.95, cards: CATALOG.cards };

function sample(users: number): MadeSpends[] {
  const random = seededRandom(5);
  const rupees = () => (random() < 0.2 ? 0 : Math.floor(random() ** 3 * 9_000_000) / 100);
  return Array.from({ length: users }, () => ({
    amazon_spends: rupees(),
    flipkart_spends: rupees(),
    grocery_spends_online: rupees(),
    other_online_spends: rupees(),
  }));
}

/** Writes a folder of answers, reads it, and compares. */
async function parityOf(variant: ApiVariant, change?: (card: MadeCard) => MadeCard, users = 60) {
  const folder = await mkdtemp(join(tmpdir(), 'cardgenius-answers-'));
  await Promise.all(
    sample(users).map((spends, i) =>
      writeFile(
        join(folder, `CK${String(i).padStart(4, '0')}.json`),
        JSON.stringify({ request: makeRequest(spends), response: makeResponse(MADE, spends, variant, change) }),
      ),
    ),
  );
  return compareParity(await casesFromAnswers(await readAnswers(folder), ENGINE, NAMES), OPTIONS);
}

const onCard = (name: string, change: (card: MadeCard) => Partial<MadeCard>) => (card: MadeCard) =>
  card.name === name ? { ...card, ...change(card) } : card;

for (const variant of [{ year: 2025 }, { year: 2026 }, { year: 2026, partner: true }] as const) {
  test(`the same rules in the shape of ${JSON.stringify(variant)}: 100 %`, async t => {
    const report = await parityOf(variant);
    t.like(report, { passed: true, users: 60, usersMatching: 60, causes: [], differences: [] });
    t.like(report.net, { pairs: 600, matching: 600, missing: 0, worst: 0 });
    t.deepEqual(report.overlap, { mean: 10, usersWithAllTen: 60 });
    t.like(report.ranks, { places: 600, agreeing: 600, firstAgreeing: 60 });
    for (const column of report.columns) t.is(column.matching, column.pairs, column.column);
    t.deepEqual(report.unknownCards, [{ name: 'A Card That Nobody Else Knows', users: 60 }]);
  });
}

test('a fee with GST is found and explained', async t => {
  const card = 'CASHBACK SBI Card';
  const report = await parityOf(
    { year: 2025 },
    onCard(card, ({ fees }) => ({ fees: { joining: fees.joining * 1.18 } })),
  );
  t.deepEqual(new Set(report.causes.map(({ cause }) => cause)), new Set(['fee with GST']));
  t.true(report.differences.length > 0);
  t.deepEqual(report.differences[0]!.reasons, [
    { cause: 'fee with GST', detail: '₹999.00 here, ₹1,178.82 there: theirs has 18 % GST' },
  ]);
  t.is(report.net.worst, 179_82);
});

test('a milestone that they do not count is found and named', async t => {
  const card = 'HDFC Bank Regalia Gold Credit Card';
  const report = await parityOf(
    { year: 2026 },
    onCard(card, ({ milestones }) => ({ milestones: milestones!.slice(1) })),
  );
  t.deepEqual(
    report.causes.map(({ cause, cards }) => [cause, cards]),
    [['milestone', 1]],
  );
  t.regex(report.causes[0]!.example, /only ours counts ₹[\d,.]+ a year for spending ₹[\d,.]+ a (quarter|year)$/);
});

test('another redemption rate is found and explained', async t => {
  const card = 'HDFC Bank Regalia Gold Credit Card';
  const report = await parityOf(
    { year: 2026 },
    onCard(card, () => ({ redemption: [{ method: 'Vouchers', rate: 0.65 }] })),
  );
  t.deepEqual(
    report.causes.map(({ cause, cards }) => [cause, cards]),
    [['redemption rate', 1]],
  );
  t.regex(report.causes[0]!.example, /₹0\.5 a point here, ₹0\.65 there$/);
  const rates = report.columns.find(({ column }) => column === 'redemption_rate')!;
  t.true(rates.matching < rates.pairs);
});

test('another cap, and none, are found and explained', async t => {
  const card = 'CASHBACK SBI Card';
  const lower = await parityOf(
    { year: 2025 },
    onCard(card, ({ caps }) => ({ caps: caps!.map(cap => ({ ...cap, points: 100 })) })),
  );
  t.deepEqual(
    lower.causes.map(({ cause, cards }) => [cause, cards]),
    [['cap', 1]],
  );
  t.regex(lower.causes[0]!.example, /their cap: 100/);
  const none = await parityOf(
    { year: 2025 },
    onCard(card, () => ({ caps: [] })),
    200,
  );
  t.deepEqual(
    none.causes.map(({ cause, cards }) => [cause, cards]),
    [['cap', 1]],
  );
  t.regex(none.causes[0]!.example, /our cap binds/);
});

test('several differences at once are each explained, none is left over', async t => {
  const report = await parityOf({ year: 2025 }, card => {
    if (card.name === 'CASHBACK SBI Card') return { ...card, fees: { joining: card.fees.joining * 1.18 } };
    if (card.name === 'HDFC Bank Regalia Gold Credit Card') {
      return { ...card, milestones: [], redemption: [{ method: 'Vouchers', rate: 0.65 }] };
    }
    return card;
  });
  const causes = new Set(report.causes.map(({ cause }) => cause));
  t.deepEqual(causes, new Set(['fee with GST', 'milestone', 'redemption rate']));
  t.false(report.passed);
  t.true(report.differences.every(({ theirs, reasons }) => theirs === undefined || reasons.length > 0));
});

test('the report as CSV and HTML', async t => {
  const card = 'CASHBACK SBI Card';
  const report = await parityOf(
    { year: 2025 },
    onCard(card, ({ fees }) => ({ fees: { joining: fees.joining * 1.18 } })),
  );
  const [, name, ours, theirs, difference, cause] = differenceRow(report.differences[0]!);
  t.is(name, card);
  t.is((Number(ours) - Number(theirs)).toFixed(2), difference ?? '');
  t.deepEqual([difference, cause], ['179.82', 'fee with GST']);
  const html = parityHtml(report, '<answers>');
  t.true(html.startsWith('<!doctype html>') && html.includes('&lt;answers&gt;') && html.includes('fee with GST'));
  t.false(html.includes('<answers>'));
});

test('Myntra and Ajio are folded into the rest, for the API and for us', t => {
  const spends = sixOf([10_050, 0, 20_000, 30_000, 5, 100_000]);
  const request = apiRequest(spends);
  t.deepEqual(request, {
    amazon_spends: 100.5,
    flipkart_spends: 0,
    grocery_spends_online: 0.05,
    other_online_spends: 899.45,
  });
  t.deepEqual(sixOf(amountsOf(request)), [10_050, 0, 0, 0, 5, 89_945]);
});

test('a folder with a file that is no answer: named', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'cardgenius-answers-'));
  await t.throwsAsync(() => readAnswers(folder), { instanceOf: UsageError, code: 'ANSWERS_EMPTY' });
  await writeFile(join(folder, 'a.json'), '{"request":');
  await t.throwsAsync(() => readAnswers(folder), { code: 'ANSWERS_INVALID', message: /a\.json/ });
  await writeFile(join(folder, 'a.json'), '{"request": {}, "response": {"success": false}}');
  const answers = await readAnswers(folder);
  await t.throwsAsync(() => casesFromAnswers(answers, ENGINE, NAMES), {
    code: 'ANSWERS_INVALID',
    message: /for a is not in/,
  });
});

test('the live API: retried when busy, no faster than allowed, and not asked twice', async t => {
  let calls = 0;
  const server = createServer((_request, response) => {
    calls++;
    response.statusCode = calls === 1 ? 503 : calls === 2 ? 429 : 200;
    if (calls === 2) response.setHeader('retry-after', '7');
    response.end(JSON.stringify({ success: true, savings: [] }));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const folder = join(await mkdtemp(join(tmpdir(), 'cardgenius-kept-')), 'answers');
  const waits: number[] = [];
  const wait = async (milliseconds: number) => void waits.push(milliseconds);
  const options = { url, headers: {}, callsPerSecond: 0.001, folder, wait };
  const client = new ApiClient(options);
  const request = apiRequest([100, 0, 0, 0, 0, 0]);
  t.deepEqual((await client.ask('CK1', request)).response, { success: true, savings: [] });
  t.is(calls, 3);
  t.true(waits.includes(1_000) && waits.includes(7_000), `${waits}`);
  t.true(waits.filter(wait => wait > 900_000).length >= 2, 'calls two and three had to wait for their turn');
  t.is((await readdir(folder)).length, 1);

  const again = new ApiClient(options);
  await again.ask('CK1', request);
  t.deepEqual([again.asked, again.kept, calls], [0, 1, 3]);
  t.is((await readAnswers(folder))[0]!.userId, 'CK1');
  await new Promise(resolve => server.close(resolve));
  const other = apiRequest([200, 0, 0, 0, 0, 0]);
  await t.throwsAsync(() => again.ask('CK2', other), { instanceOf: CardGeniusError, code: 'API_FAILED' });
  t.is(again.asked, 4);
});
