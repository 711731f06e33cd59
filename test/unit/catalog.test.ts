import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { catalogJsonSchema, SCHEMA_PATH } from '../../scripts/catalog-schema.ts';
import { loadCatalog, parseCatalog } from '../../src/engine/catalog.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { UsageError } from '../../src/model/errors.ts';
import { cardOf, padded } from '../reference/engine-rows.ts';

const SHIPPED = join(import.meta.dirname, '../../catalog/cards.json');
const PATH = 'some/cards.json';

const parse = (catalog: unknown) => parseCatalog(Buffer.from(JSON.stringify(catalog)), PATH);
const withCard = (figures: object) => ({ version: '1', cards: padded([cardOf('gold', 500, figures)]) });
const capped = (cap: object) => withCard({ caps: [{ categories: ['amazon'], points: 10, every: 'month', ...cap }] });
const banded = (...bands: object[]) =>
  withCard({ slabs: { every: 'month', bands: bands.map(band => ({ points: 1, per: 100, ...band })) } });

test('the shipped catalogue has 109 cards, 85 of them open', async t => {
  const { cards, version, sha256 } = await loadCatalog(SHIPPED);
  t.is(cards.length, 109);
  t.is(cards.filter(card => card.status === 'open').length, 85);
  t.is(version, '2026-11-26');
  const bytes = await readFile(SHIPPED);
  t.is(sha256, createHash('sha256').update(bytes).digest('hex'));
});

test('what is left out has its default', t => {
  const milestones = [{ spend: 1000, every: 'year', value: 10 }];
  const { cards } = parse(withCard({ caps: [{ categories: ['amazon'], points: 10, every: 'month' }], milestones }));
  t.is(cards[0]!.caps![0]!.counts, 'total');
  t.true(cards[0]!.milestones![0]!.counted);
});

/** A wrong catalogue: where the message says it is wrong, and what it says of it. */
const WRONG: Readonly<Record<string, [catalog: unknown, where: string, fault: RegExp]>> = {
  'a text for a number': [
    withCard({ fees: { joining: '500', annual: 500 } }),
    'card gold, field fees.joining',
    /must be a number, not a text/,
  ],
  'a negative number': [
    withCard({ fees: { joining: -1, annual: 0 } }),
    'card gold, field fees.joining',
    /must be at least 0/,
  ],
  'a third decimal of a rupee': [
    withCard({ fees: { joining: 1.234, annual: 0 } }),
    'card gold, field fees.joining',
    /at most 2 decimals/,
  ],
  'a fee that DECIMAL(12,2) cannot hold': [
    withCard({ fees: { joining: 10_000_000_000, annual: 0 } }),
    'card gold, field fees.joining',
    /must be at most 9999999999\.99/,
  ],
  'points per nothing': [
    withCard({ earn: { base: { points: 1, per: 0 } } }),
    'card gold, field earn.base.per',
    /must be above 0/,
  ],
  'no base': [withCard({ earn: { amazon: { points: 1, per: 100 } } }), 'card gold, field earn.base', /it is missing/],
  'an unknown field': [withCard({ feees: 5 }), 'card gold, field feees', /there is no such field/],
  'an unknown field deeper down': [
    withCard({ earn: { base: { points: 1, per: 100 }, amazn: { points: 1, per: 100 } } }),
    'card gold, field earn.amazn',
    /there is no such field/,
  ],
  'an unknown field of the whole': [{ ...withCard({}), verion: '1' }, 'verion', /there is no such field/],
  'an unknown status': [
    withCard({ status: 'opne' }),
    'card gold, field status',
    /: must be "open", .* or "superseded"/,
  ],
  'caps that are null': [withCard({ caps: null }), 'card gold, field caps', /must be a list, not null/],
  'a name of 201 characters': [
    withCard({ name: 'x'.repeat(201) }),
    'card gold, field name',
    /must have at most 200 characters/,
  ],
  'a card without an id': [withCard({ id: undefined }), 'card number 1, field id', /it is missing/],
  'a point worth ten rupees': [
    withCard({ redemption: [{ method: 'Vouchers', rate: 10 }] }),
    'card gold, field redemption[0].rate',
    /at most 9\.9999 rupees/,
  ],
  'an id used twice': [
    { version: '1', cards: padded([cardOf('gold', 0, { name: 'Gold' }), cardOf('gold', 0, { name: 'Silver' })]) },
    'card gold, field id',
    /"gold" is another card's id, too/,
  ],
  'a name used twice': [
    { version: '1', cards: padded([cardOf('gold', 0, {}), cardOf('silver', 0, { name: 'gold' })]) },
    'card silver, field name',
    /"gold" is another card's name, too/,
  ],
  'nine open cards': [
    { version: '1', cards: padded([cardOf('gold', 0, { status: 'closed' })]) },
    'cards',
    /only 9 cards are open; a user needs 10/,
  ],
  'a gap between bands': [
    banded({ from: 0, to: 100 }, { from: 200 }),
    'card gold, field slabs.bands[1].from',
    /is 200, but must be 100/,
  ],
  'bands that do not start at 0': [banded({ from: 1 }), 'card gold, field slabs.bands[0].from', /is 1, but must be 0/],
  'a last band that ends': [
    banded({ from: 0, to: 100 }),
    'card gold, field slabs.bands[0].to',
    /the last band has no end/,
  ],
  'a band in the middle without an end': [
    banded({ from: 0 }, { from: 100 }),
    'card gold, field slabs.bands[0].to',
    /must be above the band’s from/,
  ],
  'an overflow above the rate of its cap': [
    capped({ overflow: { points: 2, per: 100 } }),
    'card gold, field caps[0].overflow',
    /earns more than a rate that the cap limits/,
  ],
  'a category twice in the order of slabs': [
    withCard({ slabs: { every: 'month', order: ['amazon', 'amazon'], bands: [{ from: 0, points: 1, per: 100 }] } }),
    'card gold, field slabs.order',
    /names a category twice/,
  ],
  'an unknown rule': [{ ...withCard({}), rules: { points: 'half' } }, 'rules.points', /"exact"/],
  'a display name that is the name of another card': [
    { version: '1', cards: padded([cardOf('gold', 0, { displayName: 'silver' }), cardOf('silver', 0, {})]) },
    'card silver, field name',
    /"silver" is what users are shown for gold, too/,
  ],
  'a display name used twice': [
    {
      version: '1',
      cards: padded([cardOf('gold', 0, { displayName: 'It' }), cardOf('silver', 0, { displayName: 'It' })]),
    },
    'card silver, field displayName',
    /"It" is what users are shown for gold, too/,
  ],
  'an empty display name': [
    withCard({ displayName: '' }),
    'card gold, field displayName',
    /must have at least 1 characters/,
  ],
  'recommended redemption without a recommended option': [
    { ...withCard({}), rules: { redemption: 'recommended' } },
    'card gold, field redemption',
    /0 options are marked as recommended; the catalogue's rules need exactly one/,
  ],
  'two recommended options': [
    {
      version: '1',
      rules: { redemption: 'recommended' },
      cards: padded([cardOf('gold', 0, {})]).map(card => ({
        ...card,
        redemption: ['Vouchers', 'Cashback'].map(method => ({ method, rate: 1, recommended: true })),
      })),
    },
    'card gold, field redemption',
    /2 options are marked as recommended/,
  ],
  'a fee that fits its column only without GST': [
    { ...withCard({ fees: { joining: 9_000_000_000, annual: 0 } }), rules: { fees: 'with_gst' } },
    'card gold, field fees.joining',
    /with GST it does not fit DECIMAL\(12,2\)/,
  ],
  'a category twice in a cap': [
    capped({ categories: ['amazon', 'amazon'] }),
    'card gold, field caps[0].categories',
    /names a category twice/,
  ],
};
for (const [title, [catalog, where, fault]] of Object.entries(WRONG)) {
  test(`wrong: ${title}`, t => {
    const error = t.throws(() => parse(catalog), { instanceOf: UsageError, code: 'CATALOG_INVALID', message: fault });
    t.true(error?.message.startsWith(`The catalogue ${PATH} is wrong at ${where}`), error?.message);
  });
}

test('wrong: not JSON, or not UTF-8', t => {
  const wrong = {
    instanceOf: UsageError,
    code: 'CATALOG_NOT_JSON',
    message: /catalogue some\/cards\.json is not JSON/,
  };
  t.throws(() => parseCatalog(Buffer.from('{ "cards": [ }'), PATH), wrong);
  t.throws(() => parseCatalog(Buffer.from([0x22, 0xff, 0x22]), PATH), wrong);
});

test('wrong: a key that stands twice, wherever it stands', t => {
  const text = JSON.stringify(withCard({})).replace('"joining":500', '"joining":500,"join\\u0069ng":0');
  t.throws(() => parseCatalog(Buffer.from(text), PATH), {
    code: 'CATALOG_INVALID',
    message: /card gold, field fees\.joining: stands twice/,
  });
  const whole = JSON.stringify(withCard({})).replace('"version":"1"', '"version":"1","version":"2"');
  t.throws(() => parseCatalog(Buffer.from(whole), PATH), { message: /wrong at version: stands twice/ });
  t.notThrows(() =>
    parse(withCard({ terms: { asOf: '{"a": 1, "a": 2}', confidence: 'high', sources: ['\\", "a"'] } })),
  );
});

test('wrong: control characters, blanks only, and what no database stores', t => {
  const wrong = (figures: object, message: RegExp) =>
    t.throws(() => parse(withCard(figures)), { code: 'CATALOG_INVALID', message });
  wrong({ name: 'a\nb' }, /card gold, field name: has the control character U\+000A/);
  wrong({ name: 'a\0b' }, /card gold, field name: has a NUL character/);
  wrong({ name: '  ' }, /card gold, field name: has blanks only/);
  wrong({ displayName: 'a\u0085' }, /card gold, field displayName: has the control character U\+0085/);
  wrong({ name: 'a\ud800' }, /card gold, field name: has half a surrogate pair/);
  const terms = { asOf: '2025', confidence: 'high', sources: [] };
  wrong({ terms: { ...terms, note: 'a\0' } }, /card gold, field terms\.note: has a NUL character/);
  t.notThrows(() => parse(withCard({ terms: { ...terms, note: 'two\nlines' } })));
});

test('a byte order mark is taken', t => {
  const bytes = Buffer.from(`\uFEFF${JSON.stringify(withCard({}))}`);
  t.is(parseCatalog(bytes, PATH).cards.length, 10);
});

test('only commissionable cards, where the setting says so; fewer than ten are refused with their count', async t => {
  const offers: [object | undefined, boolean][] = [
    [{ commissionable: true }, true],
    [{ commissionable: true, sourceable: true, inviteOnly: false }, true],
    [undefined, false],
    [{}, false],
    [{ sourceable: true }, false],
    [{ commissionable: false }, false],
    [{ commissionable: true, inviteOnly: true }, false],
    [{ commissionable: true, sourceable: false }, false],
  ];
  const cards = [
    ...offers.map(([offer], i) => cardOf(`card ${i}`, 0, { offer })),
    ...Array.from({ length: 8 }, (_, i) => cardOf(`more ${i}`, 0, { offer: { commissionable: true } })),
  ];
  const folder = await mkdtemp(join(tmpdir(), 'cardgenius-catalog-'));
  const source = async (list: object[]) => {
    const path = join(folder, `${list.length}.json`);
    await writeFile(path, JSON.stringify({ version: '1', cards: list }));
    return { catalogPath: path, maxMonthlySpend: 1_000_000_000, eligibleCards: 'commissionable' as const };
  };
  const engine = await createEngine(await source(cards));
  t.deepEqual(
    engine.cards.slice(0, 2).map(card => card.name),
    ['card 0', 'card 1'],
  );
  t.is(engine.cards.length, 10);
  const open = await createEngine({ ...(await source(cards)), eligibleCards: 'open' });
  t.is(open.cards.length, 16);
  t.not(open.fingerprint, engine.fingerprint);
  await t.throwsAsync(createEngine(await source(cards.slice(0, 15))), {
    code: 'CATALOG_TOO_FEW_CARDS',
    message: /Only 9 of the 15 open cards of .* are commissionable, and a user needs 10/,
  });
});

test('wrong: a file that is not there, or is a folder', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'cardgenius-catalog-'));
  const wrong = { instanceOf: UsageError, code: 'CATALOG_UNREADABLE' };
  const missing = await t.throwsAsync(loadCatalog(join(folder, 'nowhere.json')), wrong);
  t.true(missing?.message.includes(`${join(folder, 'nowhere.json')} does not exist`), missing?.message);
  const isFolder = await t.throwsAsync(loadCatalog(folder), wrong);
  t.true(isFolder?.message.includes(`${folder} is a folder`), isFolder?.message);
});

test('catalog/cards.schema.json is what the loader’s schema says', async t => {
  const written = await readFile(SCHEMA_PATH, 'utf8');
  t.true(written === catalogJsonSchema(), 'it is stale: run npm run catalog:schema');
});

test('a catalogue that is a device, a FIFO or far too large is refused at once: a service that reads it again must not wait', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'cardgenius-catalog-'));
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const large = join(folder, 'large');
  await writeFile(large, '');
  await truncate(large, 70_000_000);
  for (const path of [fifo, '/dev/zero', '/dev/null', large])
    await t.throwsAsync(
      loadCatalog(path),
      { code: 'CATALOG_UNREADABLE', message: /device or a pipe|70000000 bytes/ },
      path,
    );
});
