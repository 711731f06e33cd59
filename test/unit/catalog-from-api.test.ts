import { readFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { parseCatalog } from '../../src/engine/catalog.ts';
import { ApiClient } from '../../src/tools/api/client.ts';
import { fitCurve } from '../../src/tools/api/curve.ts';
import { Evidence } from '../../src/tools/api/evidence.ts';
import { chooseRate } from '../../src/tools/api/rates.ts';
import { answerOf } from '../../src/tools/api/saved-answers.ts';
import { buildCatalog } from '../../src/tools/catalog/from-answers.ts';
import { catalogFromApi } from '../../src/tools/catalog/from-api.ts';
import { catalogText, refreshOf } from '../../src/tools/catalog/written-catalog.ts';
import { inventCards, type StandInCard, serveStandIn, standInAnswer } from '../support/card-genius-api.ts';

const ORIGIN = { day: '2026-11-26', source: 'a stand-in', known: [] };
type Odd = NonNullable<Parameters<typeof serveStandIn>[1]>['odd'];

async function fromStandIn(
  t: ExecutionContext,
  cards: readonly StandInCard[],
  options: Omit<NonNullable<Parameters<typeof serveStandIn>[1]>, 'odd'> & { odd?: Odd } = {},
) {
  const { odd, ...rest } = options;
  const standIn = await serveStandIn(cards, odd === undefined ? rest : { ...rest, odd });
  t.teardown(standIn.close);
  const client = new ApiClient({
    url: standIn.url,
    headers: {},
    callsPerSecond: 1e6,
    maxCalls: 60,
    wait: async () => {},
  });
  const built = await catalogFromApi(client, ORIGIN);
  t.true(client.asked <= 60, `${client.asked} calls`);
  t.is(standIn.seen.calls, client.asked);
  return built;
}

for (const seed of [1, 2, 3, 4]) {
  test(`forty cards of every kind are complete within sixty calls, seed ${seed}`, async t => {
    const built = await fromStandIn(t, inventCards(40, seed));
    t.deepEqual(
      built.cards.filter(card => !card.complete),
      [],
    );
    t.like(built, {
      complete: 40,
      fitted: built.fitted,
      heldOut: 20,
      rules: { whole: false, fees: 'with_gst', milestones: 'earning' },
    });
    const { rules, cards } = parseCatalog(Buffer.from(catalogText(built.catalog)), 'made.json');
    t.deepEqual(rules, { milestones: 'earning', redemption: 'recommended', points: 'exact', fees: 'with_gst' });
    t.true(cards.every(card => card.status === 'open' && card.name === card.name.trim()));
  });
}

test('an API that refuses and errs with status 200 is asked again, and still sixty calls are enough', async t => {
  const cards = inventCards(40, 5);
  const built = await fromStandIn(t, cards, {
    odd: (call, response) => {
      if (call % 7 === 3) {
        response.statusCode = 429;
        response.setHeader('retry-after', '1');
        return { message: 'Too many requests' };
      }
      return call % 11 === 5 ? { status: 'error', message: 'Too many requests' } : undefined;
    },
  });
  t.is(built.complete, 40);
});

test('an API that refuses a request without spends costs that request, and no card', async t => {
  const built = await fromStandIn(t, inventCards(40, 8), {
    refuses: request => Object.values(request).every(spend => spend === 0),
  });
  t.like(built, { complete: 40, heldOut: 19 });
});

test('keys that the API lists and fills in another order are found in that order', async t => {
  const order = [
    'grocery_spends_online',
    'other_online_spends',
    'amazon_spends',
    'flipkart_spends',
    'fuel',
    'dining',
  ] as const;
  const built = await fromStandIn(t, inventCards(30, 6), { order });
  t.is(built.complete, 30);
  const shared = built.catalog.cards.flatMap(card => card.caps ?? []).find(cap => cap.categories.length === 6)!;
  t.deepEqual(shared.categories, ['grocery', 'otherOnline', 'myntra', 'ajio', 'amazon', 'flipkart']);
});

test('the first version of the API, with whole points, is recognized', async t => {
  const built = await fromStandIn(
    t,
    inventCards(30, 7).map(card => ({ ...card, cashback: false })),
    { whole: true },
  );
  t.is(built.catalog.rules.points, 'whole');
  t.true(built.complete >= 27, `${built.complete}`);
});

test('a card whose figures follow no rule is unverified, with the field and no guess; the others are complete', async t => {
  const cards = inventCards(20, 8);
  const odd = {
    ...cards[0]!,
    cashback: false,
    bands: undefined,
    caps: {},
    totalCap: undefined,
    rates: { ...cards[0]!.rates, amazon_spends: 0.02 },
  };
  const standIn = await serveStandIn([]);
  await standIn.close();
  const evidence = new Evidence();
  const requests = Array.from({ length: 40 }, (_, i) => ({
    amazon_spends: 137 * (i + 1),
    flipkart_spends: 211 * i,
    other_online_spends: 97 * i,
    grocery_spends_online: 53 * i,
  }));
  for (const request of requests) {
    const response = standInAnswer([odd, ...cards.slice(1)], request);
    // A square root is no rate, cap or band.
    const part = response.savings[0]!.spending_breakdown.amazon_spends as { points_earned: number; savings: number };
    part.points_earned = Math.sqrt(request.amazon_spends);
    part.savings = part.points_earned * odd.value;
    const answer = answerOf({ request, response }, 'x');
    if ('problem' in answer) throw new Error(answer.problem);
    evidence.add(answer);
  }
  const built = buildCatalog(evidence, [], ORIGIN);
  const card = built.cards.find(({ id }) => id === `cg_${odd.id}`)!;
  t.false(card.complete);
  t.regex(card.gaps[0]!.field, /^(earn|slabs)/);
  t.is(built.catalog.cards.find(({ id }) => id === card.id)!.status, 'unverified');
});

test('an answer that spends on one key only determines nothing of the others: the request that would is named, and nothing is written', t => {
  const evidence = new Evidence();
  const request = { amazon_spends: 12_345 };
  const answer = answerOf({ request, response: standInAnswer(inventCards(20, 9), request) }, 'x');
  if ('problem' in answer) throw new Error(answer.problem);
  evidence.add(answer);
  const error = t.throws(() => buildCatalog(evidence, [], ORIGIN), { code: 'FROM_API_FEW' });
  t.regex(error.message, /nothing was written.*no answer spends on .*; the request \{"\w+":500\} would tell/);
});

test('a card of ours with the same number keeps its id and its display name', async t => {
  const built = await (async () => {
    const evidence = new Evidence();
    for (let i = 1; i <= 30; i++) {
      const request = {
        amazon_spends: 431 * i * i,
        flipkart_spends: 211 * i,
        other_online_spends: 97 * i * i,
        grocery_spends_online: 53 * i,
      };
      const answer = answerOf({ request, response: standInAnswer(inventCards(25, 10), request) }, 'x');
      if (!('problem' in answer)) evidence.add(answer);
    }
    return buildCatalog(evidence, [], {
      ...ORIGIN,
      known: [{ id: 'ours', displayName: 'Shown', cardGenius: { id: 303 } }],
    });
  })();
  const card = built.catalog.cards.find(({ cardGenius }) => cardGenius?.id === 303)!;
  t.like(card, { id: 'ours', displayName: 'Shown' });
  t.is(built.catalog.cards.filter(({ id }) => id.startsWith('cg_')).length, 24);
});

test('asking again shows cards that are new, gone, renamed and changed', async t => {
  const catalog = parseCatalog(await readFile(new URL('../../catalog/cards.json', import.meta.url)), 'cards.json');
  const [first, second, third] = catalog.cards.filter(card => card.status === 'open' && card.cardGenius !== undefined);
  const after = {
    cards: [
      ...catalog.cards
        .filter(card => card !== first)
        .map(card => {
          if (card === second) return { ...card, fees: { ...card.fees, joining: card.fees.joining + 1 } };
          return card === third ? { ...card, cardGenius: { ...card.cardGenius!, name: 'Another Name' } } : card;
        }),
      { ...first!, id: 'cg_9999', name: 'A New Card', cardGenius: { id: 9_999, name: 'A New Card' } },
    ],
  };
  t.deepEqual(
    refreshOf(catalog, after).map(({ id, what }) => [id, what]),
    [
      [first!.id, 'gone'],
      [second!.id, 'changed'],
      [third!.id, 'renamed'],
      ['cg_9999', 'new'],
    ].sort((a, b) => place(a[0]!) - place(b[0]!)),
  );
  function place(id: string): number {
    return id === first!.id ? -1 : id === 'cg_9999' ? 1e6 : after.cards.findIndex(card => card.id === id);
  }
});

test('a rate is the one that a card could have; several that fit are none', t => {
  t.deepEqual(chooseRate({ low: 0.02666666, high: 0.02666667 }), { points: 4, per: 150 });
  t.deepEqual(chooseRate({ low: 0.01499999, high: 0.01500001 }), { points: 3, per: 200 });
  t.deepEqual(chooseRate({ low: 9 / 700 - 1e-9, high: 9 / 700 + 1e-9 }), { points: 9, per: 700 });
  t.deepEqual(chooseRate({ low: 0, high: 1e-9 }), { points: 0, per: 100 });
  t.is(chooseRate({ low: 0.01, high: 0.02 }), undefined);
});

test('bands are found where their lines cross; where a sample is missing, the spend to ask is named', t => {
  const truth = (x: number) => Math.min(x, 20_000) * 0.02 + Math.max(0, x - 20_000) / 15;
  const samples = (...xs: number[]) => xs.map(x => ({ x, y: truth(x) }));
  const curve = fitCurve(samples(437, 103_711, 917_353), () => 1e-6);
  t.deepEqual(curve, {
    bands: [
      { from: 0, rate: { points: 2, per: 100 } },
      { from: 20_000, rate: { points: 10, per: 150 } },
    ],
  });
  const unknown = fitCurve(samples(437, 1_000, 103_711), () => 1e-6);
  t.true('ask' in unknown && unknown.ask > 1_000);
});
