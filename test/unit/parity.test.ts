import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { createBuiltInEngine } from '../../src/engine/built-in.ts';
import type { CatalogFile } from '../../src/engine/catalog-schema.ts';
import { CardGeniusError, UsageError } from '../../src/model/errors.ts';
import {
  ApiClient,
  checkUrl,
  LONGEST_WAIT_MS,
  maskedUrl,
  parseHeaders,
  retryAfterMs,
} from '../../src/tools/api/client.ts';
import { Evidence } from '../../src/tools/api/evidence.ts';
import { amountsOf, apiRequest } from '../../src/tools/api/request.ts';
import { type ApiAnswer, answerOf, type BrokenAnswer, readAnswers } from '../../src/tools/api/saved-answers.ts';
import { buildCatalog } from '../../src/tools/catalog/from-answers.ts';
import { ApiCases } from '../../src/tools/parity/api-cases.ts';
import { CardMatch } from '../../src/tools/parity/card-match.ts';
import { checkLive } from '../../src/tools/parity/live-check.ts';
import { sixOf } from '../../src/tools/parity/ours.ts';
import { differenceRow, parityHtml, summaryOf } from '../../src/tools/parity/pages.ts';
import { Comparison } from '../../src/tools/parity/parity.ts';
import type { ParityReport } from '../../src/tools/parity/report.ts';
import { seededRandom } from '../reference/random-users.ts';
import {
  inventCards,
  type StandInCard,
  type StandInRequest,
  serveStandIn,
  standInAnswer,
} from '../support/card-genius-api.ts';

const CARDS = inventCards(30, 41);
const LIMIT = 1_000_000_000;

function requests(count: number, seed = 5): StandInRequest[] {
  const random = seededRandom(seed);
  const rupees = () => (random() < 0.2 ? 0 : Math.floor(random() ** 3 * 15_000_000) / 100);
  return Array.from({ length: count }, () => ({
    amazon_spends: rupees(),
    flipkart_spends: rupees(),
    grocery_spends_online: rupees(),
    other_online_spends: rupees(),
  }));
}

function answer(request: StandInRequest, response: unknown, user = 'CK1'): ApiAnswer {
  const read = answerOf({ user_id: user, request, response }, user);
  if ('problem' in read) throw new Error(read.problem);
  return read;
}

/** The catalogue that the stand-in's answers give: it agrees with them in everything. */
function fitted(cards: readonly StandInCard[] = CARDS): CatalogFile {
  const evidence = new Evidence();
  for (const request of requests(150, 77)) evidence.add(answer(request, standInAnswer(cards, request)));
  const built = buildCatalog(evidence, [], { day: '2026-11-26', source: 'a stand-in', known: [] });
  if (built.complete < cards.length) throw new Error(JSON.stringify(built.cards.filter(card => !card.complete)));
  return built.catalog;
}
const RIGHT = fitted();

async function compare(
  catalog: CatalogFile,
  answers: readonly (ApiAnswer | BrokenAnswer)[],
  eligibleCards: 'open' | 'commissionable' = 'open',
): Promise<ParityReport> {
  const engine = createBuiltInEngine({ catalog: { ...catalog, sha256: '' }, maxMonthlySpend: LIMIT });
  const match = new CardMatch(catalog.cards);
  const cases = new ApiCases(engine, match, { ...catalog, eligibleCards, maxMonthlySpend: LIMIT });
  const evidence = new Evidence();
  const comparison = new Comparison({ tolerance: 1, threshold: 0.95, catalog, evidence, match, hasAllCards: true });
  for (const each of answers) {
    if ('problem' in each) {
      comparison.leaveOut({ userId: each.userId, leftOut: each.problem });
      continue;
    }
    const one = await cases.caseOf(each);
    if ('leftOut' in one) comparison.leaveOut(one);
    else {
      evidence.add(each);
      comparison.add(one);
    }
  }
  return comparison.report();
}

type Savings = ReturnType<typeof standInAnswer>['savings'];
const ANSWERS = requests(40).map((request, i) => answer(request, standInAnswer(CARDS, request), `CK${i}`));
const answersWith = (
  change: (savings: Savings, request: StandInRequest) => void,
  wrap = (body: object): unknown => body,
) =>
  requests(40).map((request, i) => {
    const body = standInAnswer(CARDS, request);
    change(body.savings, request);
    return answer(request, wrap(body), `CK${i}`);
  });

test('a catalogue with the rules of the API agrees with it in every net, ten and point', async t => {
  const report = await compare(RIGHT, ANSWERS);
  t.like(report, {
    passed: true,
    users: 40,
    usersMatching: 40,
    causes: [],
    differences: [],
    leftOut: [],
    unknownCards: [],
  });
  t.like(report.net, { pairs: 1_200, matching: 1_200, withinRupee: 1_200, missing: 0, worst: 0 });
  t.like(report.overlap, { mean: 10, usersWithAllTen: 40 });
  t.like(report.ranks, { places: 400, agreeing: 400, firstAgreeing: 40 });
  t.is(report.points.matching, report.points.pairs);
  for (const column of report.columns) t.is(column.matching, column.pairs, column.column);
  t.true(report.measures.every(measure => measure.met));
});

for (const [name, wrap] of [
  ['in data', (body: object) => ({ data: body })],
  ['in the partner’s data', (body: object) => ({ status: 'success', data: body })],
  ['in data twice', (body: object) => ({ data: { data: body } })],
  ['as a list', (body: object) => (body as { savings: unknown }).savings],
] as const) {
  test(`an answer that comes ${name} is read`, async t => {
    t.like(
      await compare(
        RIGHT,
        answersWith(() => {}, wrap),
      ),
      { passed: true, usersMatching: 40 },
    );
  });
}

test('fields that are not read may be anything; null totals are summed from the buckets; an empty fee costs its card alone', async t => {
  const answers = answersWith(savings => {
    for (const card of savings) Object.assign(card, { roi: null, tags: [{}], milestone: 7, welcomeBenefits: 'none' });
    savings[0]!.total_savings_yearly = null;
    savings[1]!.joining_fees = '';
    savings[2]!.joining_fees = null;
  });
  const report = await compare(RIGHT, answers);
  t.like(report, { passed: true, users: 40, usersMatching: 40 });
  t.is(report.net.pairs, 40 * 28);
  t.deepEqual(
    report.unusable.map(({ name, users, why }) => [name, users, why]),
    [
      [CARDS[1]!.name.trim(), 40, 'the answer has no joining fee'],
      [CARDS[2]!.name.trim(), 40, 'the answer has no joining fee'],
    ].sort((a, b) => report.unusable.findIndex(x => x.name === a[0]) - report.unusable.findIndex(x => x.name === b[0])),
  );
});

/** Shapes that public answers of 2025 and 2026 have, each made of the stand-in's. */
const SHAPES: Readonly<Record<string, (card: Record<string, unknown>, request: StandInRequest) => void>> = {
  'buckets come as a list that names its keys': card => {
    card.spending_breakdown_array = Object.values(card.spending_breakdown as object);
    delete card.spending_breakdown;
  },
  'keys without spend are left out': (card, request) => {
    card.spending_breakdown = kept(card, ([key]) => (request[key] ?? 0) > 0);
  },
  'keys that earn nothing are left out': card => {
    card.spending_breakdown = kept(card, ([, bucket]) => bucket.savings > 0);
  },
  'keys that earn nothing state no caps and no type': card => {
    for (const bucket of Object.values(card.spending_breakdown as Record<string, Bucket>)) {
      if (bucket.savings === 0) Object.assign(bucket, { maxCap: 0, totalMaxCap: '', savings_type: undefined });
    }
  },
  'the type of savings is not said, or in capitals': card => {
    for (const [i, bucket] of Object.values(card.spending_breakdown as Record<string, Bucket>).entries()) {
      bucket.savings_type = i % 2 === 0 ? undefined : String(bucket.savings_type).toUpperCase();
    }
  },
  'the recommended option is named by its number': card => {
    card.redemption_options = (card.redemption_options as object[]).map((option, i) => ({ id: 40 + i, ...option }));
    const id = 40 + (card.redemption_options as unknown[]).length - 1;
    card.recommended_redemption_options = [{ redemption_option_id: String(id) }];
  },
  'no option is recommended': card => {
    delete card.recommended_redemption_options;
  },
  'figures are text': card => {
    for (const bucket of Object.values(card.spending_breakdown as Record<string, Record<string, unknown>>)) {
      for (const field of ['spend', 'savings', 'points_earned', 'maxCap', 'conv_rate'])
        bucket[field] = String(bucket[field]);
    }
    for (const field of ['id', 'total_savings_yearly', 'total_extra_benefits']) card[field] = String(card[field]);
  },
};
type Bucket = { savings: number; savings_type?: string | undefined };
const kept = (card: Record<string, unknown>, test: (entry: [string, Bucket]) => boolean) =>
  Object.fromEntries(Object.entries(card.spending_breakdown as Record<string, Bucket>).filter(test));

for (const [name, change] of Object.entries(SHAPES)) {
  test(`an answer is compared, and a catalogue is made of it, where ${name}`, async t => {
    const shaped = (request: StandInRequest, user: string) => {
      const body = standInAnswer(CARDS, request);
      for (const card of body.savings) change(card as Record<string, unknown>, request);
      return answer(request, body, user);
    };
    const evidence = new Evidence();
    for (const request of requests(150, 77)) evidence.add(shaped(request, 'CK1'));
    const built = buildCatalog(evidence, [], { day: '2026-11-26', source: 'a stand-in', known: [] });
    t.deepEqual(
      built.cards.filter(card => !card.complete),
      [],
    );
    const report = await compare(
      built.catalog,
      requests(40).map((request, i) => shaped(request, `CK${i}`)),
    );
    t.deepEqual(report.causes, []);
    t.like(report, {
      passed: true,
      users: 40,
      usersMatching: 40,
      net: { pairs: 1_200, matching: 1_200 },
      unusable: [],
    });
  });
}

test('a card that stands twice in an answer is one card', async t => {
  const answers = answersWith(savings => savings.push({ ...savings[3]! }));
  t.like(await compare(RIGHT, answers), { passed: true, usersMatching: 40, unknownCards: [] });
});

test('cards are matched by their number, whatever they are called today; a card without one by its name', async t => {
  const answers = answersWith(savings => {
    savings[0]!.card_name = 'Renamed  This Month ';
    (savings[1] as { id?: number }).id = undefined as never;
  });
  t.like(await compare(RIGHT, answers), { passed: true, unknownCards: [], net: { pairs: 1_200 } });
});

test('spends beyond the four keys are in the totals of the API, and not in what is compared', async t => {
  const plain = CARDS.map(card => ({ ...card, totalCap: undefined, bands: undefined, milestones: [] }));
  const catalog = fitted(plain);
  const answers = requests(40).map((request, i) => {
    const sent = { ...request, fuel: 5_000, dining: 70_000 };
    return answer(sent, standInAnswer(plain, sent), `CK${i}`);
  });
  t.deepEqual(answers[0]!.otherKeys, ['fuel', 'dining']);
  t.like(await compare(catalog, answers), { passed: true, usersMatching: 40, causes: [] });
});

test('spends beyond the four keys that use up a card’s cap are the cause that is named', async t => {
  const capped = CARDS.map(card => ({ ...card, bands: undefined, milestones: [] }));
  const order = [
    'dining',
    'fuel',
    'flipkart_spends',
    'amazon_spends',
    'other_online_spends',
    'grocery_spends_online',
  ] as const;
  const catalog = fitted(capped);
  const answers = requests(40).map((request, i) => {
    const sent = i < 30 ? request : { ...request, dining: 900_000 };
    return answer(sent, standInAnswer(capped, sent, { order }), `CK${i}`);
  });
  const report = await compare(catalog, answers);
  t.deepEqual(
    report.causes.map(({ cause }) => cause),
    ['other spends'],
  );
});

/** Each fault of a catalogue, and the one cause that it has. */
type Card = CatalogFile['cards'][number];
const FAULTS: readonly (readonly [name: string, cause: string, cards: number, edit: (catalog: CatalogFile) => void])[] =
  [
    [
      'a wrong rate',
      'earn rate',
      1,
      c =>
        Object.assign(cardOf(c, card => !card.slabs && !card.caps && card.earn.base.points > 0).earn, {
          amazon: { points: 9, per: 100 },
        }),
    ],
    ['a wrong own cap', 'own cap', 1, c => scaleCap(c, cap => cap.categories.length === 1)],
    [
      'a wrong cap of the card',
      'card cap',
      1,
      c => scaleCap(c, cap => cap.categories.length > 3 && cap.points < 5_000),
    ],
    [
      'a cap that is filled in another order',
      'fill order',
      1,
      c => capOf(c, cap => cap.categories.length > 3 && cap.points < 5_000).categories.reverse(),
    ],
    [
      'bands in another order',
      'fill order',
      1,
      c => cardOf(c, card => card.slabs !== undefined).slabs!.order!.reverse(),
    ],
    ['a band that begins too early', 'bands', 1, c => moveBand(cardOf(c, card => card.slabs !== undefined))],
    [
      'a milestone that is too easy',
      'milestone',
      1,
      c => {
        cardOf(c, card => card.milestones !== undefined).milestones![0]!.spend = 1;
      },
    ],
    [
      'milestones on all spend',
      'milestone',
      -1,
      c => {
        c.rules.milestones = 'all';
      },
    ],
    [
      'the PRD’s value of a point',
      'value of a point',
      -1,
      c => {
        c.rules.redemption = 'vouchers_or_cashback';
      },
    ],
    [
      'another option marked',
      'value of a point',
      1,
      c =>
        swapOption(
          cardOf(
            c,
            card =>
              card.redemption.length > 1 &&
              card.earn.base.points > 0 &&
              card.redemption[0]!.rate !== card.redemption[1]!.rate,
          ),
        ),
    ],
    [
      'a wrong fee',
      'fee',
      1,
      c => {
        cardOf(c, () => true).fees.joining += 100;
      },
    ],
    [
      'a fee with GST',
      'fee with GST',
      1,
      c => {
        const { fees } = cardOf(c, card => card.fees.joining > 0);
        fees.joining = Math.round(fees.joining * 118) / 100;
      },
    ],
    [
      'whole points',
      'rounding version',
      -1,
      c => {
        c.rules.points = 'whole';
      },
    ],
    [
      'a card that is missing',
      'card unknown',
      1,
      c => {
        c.cards.splice(4, 1);
      },
    ],
  ];

function cardOf(catalog: CatalogFile, wanted: (card: Card) => boolean): Card {
  return catalog.cards.find(wanted)!;
}
type Cap = NonNullable<Card['caps']>[number];
function capOf(catalog: CatalogFile, wanted: (cap: Cap) => boolean): Cap {
  return cardOf(catalog, card => card.caps?.some(wanted) === true && card.slabs === undefined).caps!.find(wanted)!;
}
function scaleCap(catalog: CatalogFile, wanted: (cap: Cap) => boolean): void {
  capOf(catalog, wanted).points *= 0.3;
}
function moveBand({ slabs }: Card): void {
  slabs!.bands[0]!.to = slabs!.bands[0]!.to! * 0.6;
  slabs!.bands[1]!.from = slabs!.bands[0]!.to;
}
function swapOption({ redemption }: Card): void {
  const at = redemption.findIndex(option => option.recommended);
  delete redemption[at]!.recommended;
  redemption[(at + 1) % redemption.length]!.recommended = true;
}

for (const [name, cause, cards, edit] of FAULTS) {
  test(`${name} in the catalogue fails, and ${cause} is the one cause that is shown`, async t => {
    const catalog = structuredClone(RIGHT);
    edit(catalog);
    const report = await compare(catalog, ANSWERS);
    t.false(report.passed);
    t.deepEqual(
      report.causes.map(each => each.cause),
      [cause] as never,
    );
    if (cards > 0) t.is(report.causes[0]!.cards, cards);
    t.true(report.differences.every(({ theirs, reasons }) => theirs === undefined || reasons.length === 1));
  });
}

test('a catalogue that undervalues the API’s best cards fails, though those that it ranks are right', async t => {
  const firsts = new Map<number, number>();
  for (const request of requests(40)) {
    const ranked = standInAnswer(CARDS, request).savings.map(
      card =>
        [Number(card.total_savings_yearly) + card.total_extra_benefits - Number(card.joining_fees), card.id] as const,
    );
    for (const [, id] of ranked.sort((a, b) => b[0] - a[0]).slice(0, 10)) firsts.set(id, (firsts.get(id) ?? 0) + 1);
  }
  const best = [...firsts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 7)
    .map(([id]) => `cg_${id}`);
  const catalog = structuredClone(RIGHT);
  for (const card of catalog.cards) {
    if (!best.includes(card.id)) continue;
    card.earn = { base: { points: 0, per: 100 } };
    delete card.slabs;
  }
  const report = await compare(catalog, ANSWERS);
  t.false(report.passed);
  t.true(report.overlap.mean < 8);
  t.deepEqual(
    report.measures
      .filter(measure => !measure.met)
      .map(measure => measure.name)
      .slice(0, 4),
    ['users with everything matching', 'top ten', 'top five', 'first card'],
  );
  t.true(report.causes.every(({ cause }) => cause === 'earn rate' || cause === 'bands'));
});

test('two faults of one card are both shown', async t => {
  const catalog = structuredClone(RIGHT);
  const card = cardOf(catalog, each => !each.slabs && !each.caps && each.earn.base.points > 0);
  card.earn = { ...card.earn, amazon: { points: 9, per: 100 } };
  card.fees.joining += 77;
  const { differences } = await compare(catalog, ANSWERS);
  const both = differences.find(({ reasons }) => reasons.length === 2)!;
  t.deepEqual(
    both.reasons.map(({ cause }) => cause),
    ['fee', 'earn rate'],
  );
});

test('a value of more than four decimals is told as a cause, and fails no user', async t => {
  const thirds = CARDS.map((card, i) =>
    i === 2
      ? { ...card, cashback: false, value: 1 / 3, milestones: [], rates: { ...card.rates, amazon_spends: 0.1 } }
      : card,
  );
  const answers = requests(40).map((request, i) => answer(request, standInAnswer(thirds, request), `CK${i}`));
  const report = await compare(fitted(thirds), answers);
  t.true(report.passed);
  t.deepEqual(
    report.causes.map(({ cause, cards }) => [cause, cards]),
    [['value of a point', 1]],
  );
  t.regex(report.causes[0]!.example, /four decimals/);
});

test('a card that is not commissionable is in no ten where only commissionable cards are offered', async t => {
  const catalog = structuredClone(RIGHT);
  for (const card of catalog.cards) if (card.offer?.commissionable !== true) card.status = 'closed';
  const report = await compare(catalog, ANSWERS, 'commissionable');
  t.like(report, { passed: true, usersMatching: 40 });
  t.true(report.notOffered.length > 0);
});

test('a user whom the engine refuses, and a file that is no answer, are left out, counted and told; they count against the verdict', async t => {
  const huge = { amazon_spends: 90_000_000 };
  const broken = ['a.json is not JSON: the file is empty', 'b.json has no answer: its savings are empty'].map(
    (problem, i) => ({ userId: `B${i}`, problem }),
  );
  const report = await compare(RIGHT, [
    ...ANSWERS.slice(0, 10),
    answer(huge, standInAnswer(CARDS, huge), 'CK99'),
    ...broken,
  ]);
  t.like(report, { passed: false, users: 10, usersMatching: 10 });
  t.deepEqual(
    report.leftOut.map(({ users, example }) => [users, example]),
    [
      [1, 'CK99'],
      [1, 'B0'],
      [1, 'B1'],
    ],
  );
  t.regex(report.leftOut[0]!.why, /engine refuses the user: avg_amazon_gmv is above the limit/);
  t.regex(
    summaryOf(report)
      .map(line => line.join(' '))
      .join('\n'),
    /users left out 3: /,
  );
});

test('the report as CSV and HTML', async t => {
  const catalog = structuredClone(RIGHT);
  const card = cardOf(catalog, each => each.fees.joining > 0);
  card.fees.joining += 100;
  const report = await compare(catalog, ANSWERS);
  const [, name, ours, theirs, difference, cause] = differenceRow(report.differences[0]!);
  t.is(name, card.name);
  t.is((Number(ours) - Number(theirs)).toFixed(2), difference ?? '');
  t.deepEqual([difference, cause], ['-118.00', 'fee']);
  const html = parityHtml(report, '<answers>');
  t.true(html.startsWith('<!doctype html>') && html.includes('&lt;answers&gt;') && html.includes('NOT MET'));
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

test('a folder of answers is read file by file; what is no answer is named with its reason, and costs itself alone', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'cardgenius-answers-'));
  await t.throwsAsync(() => readAnswers(folder).next(), { instanceOf: UsageError, code: 'ANSWERS_EMPTY' });
  await t.throwsAsync(() => readAnswers(join(folder, 'none')).next(), { code: 'ANSWERS_UNREADABLE' });
  const good = JSON.stringify({ request: requests(1)[0], response: standInAnswer(CARDS, requests(1)[0]!) });
  const files: Record<string, string> = {
    'a.json': '{"request":',
    'b.json': '',
    'c.json': 'null',
    'd.json': '{"request": {}, "response": {"success": false, "message": "Too many requests"}}',
    'e.json': '{"request": {"amazon_spends": -5}, "response": {}}',
    'f.json': '{"request": {"amazon_spends": "many"}, "response": {}}',
    'g.json': `\uFEFF${good}`,
    'h.json': good.replace('{', '{"user_id": 4711,'),
    'i.json': '[]',
    'j.json': '{"request": {}, "response": {"savings": []}}',
    'k.json': '{"request": {}, "response": {"data": {"recommendations": []}}}',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const read = await Array.fromAsync(readAnswers(folder));
  t.deepEqual(
    read.map(each => ('problem' in each ? each.problem.replace(folder, '').replace(/\(.*\)/, '') : each.userId)),
    [
      '/a.json is not JSON: it is cut, or no UTF-8 text',
      '/b.json is not JSON: the file is empty',
      '/c.json is no { "request": …, "response": … }: it says of no request which spends were sent',
      '/d.json has no answer: it has no savings; it says "Too many requests"',
      '/e.json has a request whose amazon_spends is no amount',
      '/f.json has a request whose amazon_spends is no amount',
      'g',
      '4711',
      '/i.json is no { "request": …, "response": … }: it says of no request which spends were sent',
      '/j.json has no answer: its savings are empty',
      '/k.json has no answer: it has no savings',
    ],
  );
});

test('the live API: retried when busy, no faster than allowed, and not asked twice', async t => {
  const standIn = await serveStandIn(CARDS, {
    odd: (call, response) => {
      if (call > 3) return undefined;
      response.statusCode = call === 1 ? 503 : call === 2 ? 429 : 200;
      if (call === 2) response.setHeader('retry-after', '7');
      return { status: 'error', message: 'Too many requests' };
    },
  });
  const folder = join(await mkdtemp(join(tmpdir(), 'cardgenius-kept-')), 'answers');
  const waits: number[] = [];
  const said: string[] = [];
  const options = {
    url: `${standIn.url}?key=SECRET&team=batch`,
    headers: { 'x-api-key': 'HEADER' },
    callsPerSecond: 0.001,
    folder,
    wait: async (milliseconds: number) => void waits.push(milliseconds),
    say: (sentence: string) => said.push(sentence),
  };
  const client = new ApiClient(options);
  const request = apiRequest([100, 0, 0, 0, 0, 0]);
  t.is(((await client.ask('CK1', request)) as ApiAnswer).cards.length, CARDS.length);
  t.is(standIn.seen.calls, 4, 'an error with status 200 is no answer');
  t.true(waits.includes(1_000) && waits.includes(7_000), `${waits}`);
  t.true(waits.filter(wait => wait > 900_000).length >= 3, 'the later calls had to wait for their turn');
  t.regex(said.join('\n'), /status 429\. It is asked again in 7 s/);

  const [file] = await readdir(folder);
  const path = join(folder, file!);
  const kept = await readFile(path, 'utf8');
  t.false(/SECRET|HEADER/.test(kept + said.join('')), 'no key is kept or shown');
  const again = new ApiClient(options);
  await again.ask('CK1', request);
  t.deepEqual([again.asked, again.kept, standIn.seen.calls], [0, 1, 4]);

  for (const broken of ['', kept.slice(0, 500), 'null', '{"request":{},"response":{"status":"error"}}']) {
    await writeFile(path, broken);
    const asks = standIn.seen.calls;
    await again.ask('CK1', request);
    t.is(standIn.seen.calls, asks + 1);
    t.regex(said.at(-1)!, new RegExp(`^The kept answer ${path} .*asked again\\.$`));
    t.is(await readFile(path, 'utf8'), kept);
  }
  await standIn.close();
  const asked = again.asked;
  await t.throwsAsync(() => again.ask('CK2', apiRequest([200, 0, 0, 0, 0, 0])), {
    instanceOf: CardGeniusError,
    code: 'API_FAILED',
    message: /\?key=\*\*\*&team=\*\*\* gave no answer/,
  });
  t.is(again.asked, asked + 4);
});

test('a request that the API refuses costs its user alone; three with spends in a row are a failure of the API', async t => {
  const standIn = await serveStandIn(CARDS, {
    odd: (call, response) => {
      if (call === 2) return undefined;
      response.statusCode = 400;
      return { success: false, message: 'No spends' };
    },
  });
  t.teardown(standIn.close);
  const client = new ApiClient({ url: standIn.url, headers: {}, callsPerSecond: 1e6, wait: async () => {} });
  const ask = (paise: number) => client.ask('CK1', apiRequest([paise, 0, 0, 0, 0, 0]));
  const refused = (await ask(0)) as BrokenAnswer;
  t.like(refused, { userId: 'CK1', problem: 'the API gave no answer to this request: status 400' });
  t.true('cards' in (await ask(100)));
  for (const paise of [0, 0, 0, 0, 100, 200]) t.true('problem' in (await ask(paise)));
  t.is(standIn.seen.calls, 8, 'what is refused is not asked again');
  await t.throwsAsync(() => ask(300), { code: 'API_FAILED', message: /gave no answer: status 400/ });
});

test('a redirect is not followed: neither headers nor spends reach another address', async t => {
  const standIn = await serveStandIn(CARDS);
  t.teardown(standIn.close);
  const server = createServer((_request, response) => {
    response.writeHead(307, { location: standIn.url });
    response.end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const client = new ApiClient({ url, headers: { 'x-api-key': 'k' }, callsPerSecond: 1e6, wait: async () => {} });
  await t.throwsAsync(() => client.ask('CK1', apiRequest([])), {
    code: 'API_FAILED',
    message: /redirect, which is not followed/,
  });
  t.deepEqual([client.asked, standIn.seen.calls], [1, 0]);
});

test('an http:// address off this machine is refused, without its secrets, unless the operator says so', t => {
  for (const url of [
    'http://api.example.com/calculate?key=s3cret',
    'http://10.0.0.7/',
    'http://127.0.0.1.example.com/',
  ]) {
    const error = t.throws(() => checkUrl(url), { code: 'PARITY_URL', message: /in the clear.*--allow-insecure/ });
    t.notRegex(error!.message, /s3cret/);
    t.notThrows(() => checkUrl(url, true));
  }
  for (const url of ['https://api.example.com/', 'http://127.0.0.1:8080/', 'http://[::1]:1/', 'http://localhost/']) {
    t.notThrows(() => checkUrl(url));
  }
  t.throws(() => checkUrl('ftp://127.0.0.1/', true), { code: 'PARITY_URL' });
});

test('Retry-After is seconds or a date, and a wait is never longer than two minutes', async t => {
  const now = Date.parse('2026-11-26T10:00:00Z');
  t.is(retryAfterMs('7', now), 7_000);
  t.is(retryAfterMs('Thu, 26 Nov 2026 10:00:09 GMT', now), 9_000);
  t.is(retryAfterMs('Thu, 26 Nov 2026 09:00:00 GMT', now), undefined);
  t.is(retryAfterMs('soon', now), undefined);
  const waits: number[] = [];
  const said: string[] = [];
  const standIn = await serveStandIn(CARDS, {
    odd: (call, response) => {
      if (call > 1) return undefined;
      response.writeHead(429, { 'retry-after': '864000' });
      return {};
    },
  });
  t.teardown(standIn.close);
  const client = new ApiClient({
    url: standIn.url,
    headers: {},
    callsPerSecond: 1e6,
    wait: async ms => void waits.push(ms),
    say: text => said.push(text),
  });
  await client.ask('CK1', apiRequest([]));
  t.true(waits.includes(LONGEST_WAIT_MS));
  t.regex(said[0]!, /asks to be left alone for 864000 s; it is asked again in 120 s/);
});

test('headers come one a line; addresses are shown without their secrets', t => {
  t.deepEqual(parseHeaders('# for the API\nX-Api-Key: abc: d\r\n\nAuthorization: Bearer e\n', 'f'), {
    'X-Api-Key': 'abc: d',
    Authorization: 'Bearer e',
  });
  const error = t.throws(() => parseHeaders('X-Api-Key abc-secret', 'headers.txt'), { code: 'PARITY_HEADER' });
  t.is(error.message, 'headers.txt is not in the form "Name: value" at line 1.');
  t.is(
    maskedUrl('https://user:pw@api.example.com/v1/x?key=SECRET&%6bey=B#f'),
    'https://api.example.com/v1/x?key=***&%6bey=***',
  );
  t.is(maskedUrl('https://api.example.com/?SECRET'), 'https://api.example.com/?***');
});

/** What a slot of kind parity says of a catalogue, against a stand-in of the API. */
async function check(catalog: CatalogFile, options: Parameters<typeof serveStandIn>[1] = {}, count = 20) {
  const api = await serveStandIn(CARDS, options);
  try {
    const client = new ApiClient({ url: api.url, headers: {}, callsPerSecond: 1_000, wait: async () => {} });
    const users = requests(count).map((request, i) => ({ userId: `CK${i}`, amounts: amountsOf(request) }));
    const verdict = await checkLive({
      client,
      users: async () => users,
      engine: createBuiltInEngine({ catalog: { ...catalog, sha256: '' }, maxMonthlySpend: LIMIT }),
      catalog: { ...catalog, eligibleCards: 'open', maxMonthlySpend: LIMIT },
      signal: new AbortController().signal,
    });
    return { ...verdict, calls: api.seen.calls };
  } finally {
    await api.close();
  }
}

test('the check of a schedule: it agrees, it differs and says what is too low, or it could not be made and says why', async t => {
  t.deepEqual(await check(RIGHT), {
    decision: 'agreed',
    note: '20 of 20 users agree with the API in everything.',
    calls: 20,
  });
  const [first, ...others] = RIGHT.cards;
  const wrong = {
    ...RIGHT,
    cards: [{ ...first!, fees: { ...first!.fees, joining: first!.fees.joining + 7 } }, ...others],
  };
  const differed = await check(wrong);
  t.is(differed.decision, 'differed');
  t.regex(differed.note, /^0 of 20 users agree .*; too low: users with everything matching 0\.00 %/);
  const refused = await check(RIGHT, {
    odd: (_call, response) => {
      response.statusCode = 401;
      return {};
    },
  });
  t.like(refused, { decision: 'unchecked', calls: 1 });
  t.regex(refused.note, /^API_FAILED: http:.* gave no answer: status 401/);
  t.deepEqual(await check(RIGHT, {}, 0), {
    decision: 'unchecked',
    note: 'No user can be compared: no user has recommendations yet.',
    calls: 0,
  });
});

test('a request that cannot be made shows no secret of its address or its headers', async t => {
  const address = t.throws(() => checkUrl('https://user:pw-secret@api.example.com/'), { code: 'PARITY_URL' });
  t.false(address.message.includes('pw-secret'), address.message);
  t.notThrows(() => checkUrl('https://api.example.com/'));
  for (const wrong of ['\0', '\x01', '€']) {
    const error = t.throws(() => parseHeaders(`X-Api-Key: abc-secret${wrong}e`, 'f'), { code: 'PARITY_HEADER' });
    t.is(error.message, 'f holds a character that no header may have at line 1.');
  }
  const client = new ApiClient({
    url: 'http://127.0.0.1:1/',
    headers: { 'X-Api-Key': 'abc-secret\0' },
    callsPerSecond: 1_000,
    wait: async () => {},
  });
  const error = await t.throwsAsync(client.ask('CK1', apiRequest([])), { code: 'API_FAILED' });
  t.false(error.message.includes('abc-secret'), error.message);
  t.is(client.asked, 1);
});
