import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { DEFAULT_RULES } from '../../src/engine/card-terms.ts';
import { loadCatalog } from '../../src/engine/catalog.ts';
import type { Card, CatalogFile } from '../../src/engine/catalog-schema.ts';
import { describeCard } from '../../src/engine/describe-card.ts';
import { checkCatalog } from '../../src/tools/catalog/check.ts';
import { diffCatalogs } from '../../src/tools/catalog/diff.ts';
import { setDisplayNames } from '../../src/tools/catalog/names.ts';
import { cardgenius } from '../e2e/cli.ts';
import { cardOf, padded } from '../reference/engine-rows.ts';

const SHIPPED = join(import.meta.dirname, '../../catalog/cards.json');
const LIMIT = 1_000_000_000;
const NOW = new Date('2026-11-23T00:00:00Z');
let files = 0;
const folder = await mkdtemp(join(tmpdir(), 'cardgenius-catalog-'));
const PLACE = { cwd: folder, database: 'pglite:memory' };

async function saved(name: string, cards: readonly object[], version = 'test'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify({ version, cards }));
  return path;
}

async function findings(cards: readonly object[]) {
  const report = await checkCatalog(await saved(`check-${++files}.json`, cards), {
    users: 200,
    now: NOW,
    maxMonthlySpend: LIMIT,
  });
  return report.findings.map(({ level, kind, card, field }) => [level, kind, card, field].join(' '));
}

const dated = (asOf: string, sources = ['a page']) => ({ terms: { asOf, confidence: 'high', sources } });

test('the shipped catalogue has no errors', async t => {
  const report = await checkCatalog(SHIPPED, { users: 2_000, now: NOW, maxMonthlySpend: LIMIT });
  t.deepEqual(
    report.findings.filter(finding => finding.level === 'error'),
    [],
  );
  t.like(report, { cards: 109, open: 85, users: 2_000 });
});

test('figures that no card has are doubted: paise for rupees, 400 points for ₹100; those of the shipped catalogue are not', async t => {
  const good = cardOf('good', 70_000, {
    ...dated('2026'),
    earn: { base: { points: 50, per: 100 } },
    redemption: [{ method: 'Vouchers', rate: 0.5 }],
  });
  const slips = cardOf('slips', 199_900, {
    ...dated('2026'),
    earn: { base: { points: 1, per: 100 }, amazon: { points: 400, per: 100 } },
    milestones: [{ spend: 1_000, every: 'month', value: 1_000 }],
  });
  const found = (await findings(padded([good, slips]))).filter(text => / figures (good|slips) /.test(text));
  t.deepEqual(found, [
    'warning figures slips fees.joining',
    'warning figures slips fees.annual',
    'warning figures slips earn.amazon',
    'warning figures slips milestones[0]',
  ]);
  const shipped = await checkCatalog(SHIPPED, { users: 10, now: NOW, maxMonthlySpend: LIMIT });
  t.deepEqual(
    shipped.findings.filter(({ kind }) => kind === 'figures'),
    [],
  );
});

test('check of another catalogue lists what is new in it, and counts what the configured one has as well', async t => {
  const shipped = JSON.parse(await readFile(SHIPPED, 'utf8')) as CatalogFile;
  const cards = shipped.cards.map((card, i) =>
    i === 0 ? { ...card, fees: { ...card.fees, joining: 199_900 } } : card,
  );
  const next = await saved('dear.json', cards);
  const at = { ...PLACE, env: { CARDGENIUS_CATALOG: SHIPPED } };
  const told = await cardgenius(['catalog', 'check', next, '--users', '500'], at);
  t.is(told.code, 0, told.stderr);
  t.is(told.stdout.match(/^warning /gm)?.length, 1);
  t.regex(
    told.stdout,
    /; 0 errors, (\d+) warnings; .*\n1 is new and listed; the other \d+ stand in .*cards\.json, too: /,
  );
  const json = JSON.parse((await cardgenius(['catalog', 'check', next, '--users', '500', '--json'], at)).stdout);
  t.is(json.new, 1);
  t.deepEqual(
    json.findings.filter((finding: { new: boolean }) => finding.new).map((finding: { field: string }) => finding.field),
    ['fees.joining'],
  );
  t.is(JSON.parse((await cardgenius(['catalog', 'check', '--users', '500', '--json'], at)).stdout).new, null);
});

test('check reports every error, not only the first', async t => {
  const cards = padded([cardOf('a', 1, { fees: { joining: -1, annual: '5' } }), cardOf('b', 1, { slab: [] })]);
  t.deepEqual(await findings(cards), [
    'error schema a fees.joining',
    'error schema a fees.annual',
    'error schema b slab',
  ]);
});

test('check finds duplicate names, and too few open cards', async t => {
  t.deepEqual(
    (await findings([cardOf('a', 1, dated('2026')), cardOf('a', 1, dated('2026'))])).filter(text =>
      text.startsWith('error'),
    ),
    ['error rule  cards', 'error rule a id', 'error rule a name'],
  );
});

test('check warns of old terms, by the latest date that they name', async t => {
  const stale = async (asOf: string) =>
    (await findings(padded([cardOf('a', 1, dated(asOf))]))).includes('warning stale a terms.asOf');
  for (const old of ['2024', '2022-23', 'Oct-2025', '2025-10', '2025-11-21', 'till 14-Nov-2024'])
    t.true(await stale(old), old);
  for (const fresh of ['2025', '2025-26', '2024 to Apr-2026', 'Nov-2025', '2025-12', '2025-11-23', '15-Dec-2025 on']) {
    t.false(await stale(fresh), fresh);
  }
  t.true(await stale('lately'));
});

test('check warns of a note that contradicts a figure', async t => {
  const noted = async (note: string) => {
    const fees = { joining: 500, annual: 500, annualWaiverSpend: 200_000 };
    const terms = { ...dated('2026').terms, note };
    const caps = [{ categories: ['grocery'], points: 1_500, every: 'month' }];
    const earn = { base: { points: 5, per: 100 }, grocery: { points: 10, per: 100 } };
    const card = cardOf('swiggy', 500, { fees, terms, caps, earn });
    return (await findings(padded([card]))).filter(text => text === 'warning note swiggy terms.note').length;
  };
  t.is(await noted('1% on other spend capped 500/month; total 3,500/month.'), 2, 'the rate and the cap');
  t.is(await noted('Fee 1,000 since 2026.'), 1);
  t.is(await noted('Waiver 1,00,000.'), 1);
  const right =
    'Fee 500. 5% on other online, 10% on grocery capped at 1,500. Waiver 200,000. CardGenius: fee 1,000. 2% offline.';
  t.is(await noted(right), 0, 'the card’s own figures, what the API has, and what is not modelled');
});

test('check warns of names that look alike, of a BOM, and of a card that dominates', async t => {
  const cards = Array.from({ length: 10 }, (_, i) => cardOf(`card ${i}`, 0, dated('2026')));
  const best = cardOf('best', 0, { ...dated('2026'), earn: { base: { points: 9, per: 100 } } });
  const shout = cardOf('shout', 0, { ...dated('2026'), name: ' CARD  1' });
  t.deepEqual(await findings([...cards.slice(0, 9), shout, best]), [
    'warning names shout name',
    'warning never-ranks card 8 the whole',
    'warning dominates best the whole',
  ]);
  const path = join(folder, 'mark.json');
  await writeFile(path, `\uFEFF${JSON.stringify({ version: 'test', cards })}`);
  const report = await checkCatalog(path, { users: 10, now: NOW, maxMonthlySpend: LIMIT });
  t.true(report.findings.some(({ kind, level }) => kind === 'mark' && level === 'warning'));
  t.is((await loadCatalog(path)).cards.length, 10, 'taken alike by what loads it');
});

test('eslint/json#32, biomejs/biome#9797: names in two Unicode forms, with invisible signs or in full width look alike', async t => {
  for (const [one, other] of [
    ['Caf\u00e9 Card', 'Cafe\u0301 Card'],
    ['Axis Ace', 'Axis\u200b Ace'],
    ['Axis Ace', 'Ax\u00adis Ace'],
    ['Axis Ace', 'Axis \uff21\uff23\uff25'],
    ['Axis Ace', 'Axis\u00a0Ace'],
  ]) {
    const [first, second] = [one!, other!].map((name, i) => ({ ...cardOf(`c${i}`, 0, dated('2026')), name }));
    t.true((await findings(padded([first!, second!]))).includes('warning names c1 name'), `${one}, ${other}`);
  }
});

test('requarks/wiki#2238: check warns of names that a VARCHAR of SQL Server stores as question marks', async t => {
  const card = cardOf('rupee', 0, dated('2026'));
  const named = (name: string) => findings(padded([{ ...card, name }]));
  for (const name of ['₹500 Card', 'कार्ड', 'Card 😀', 'Cafe\u0301'])
    t.true((await named(name)).includes('warning names rupee name'));
  for (const name of ['Café Card', 'Card – 5 €', 'Plain'])
    t.false((await named(name)).includes('warning names rupee name'));
});

test('the command groups cards of which the same is said', async t => {
  const good = Array.from({ length: 10 }, (_, i) => cardOf(`good ${i}`, 0, dated('2026')));
  const bad = ['a', 'b', 'c'].map(name => cardOf(name, 70_000, dated('2026')));
  const path = await saved('grouped.json', [...good, ...bad]);
  const { stdout } = await cardgenius(['catalog', 'check', path, '--users', '50'], PLACE);
  t.regex(stdout.replace(/\s+/g, ' '), /warning never-ranks 3 cards .*: a, b, c /); // wrapped to 80 columns
  t.regex(stdout, /0 errors, 4 warnings/);
});

test('catalog show says how many more cards match', async t => {
  const { stderr } = await cardgenius(['catalog', 'show', 'HDFC'], PLACE);
  t.regex(stderr, /\d+ cards match "HDFC": .* and \d+ more\. Name one of them/);
});

test('diff warns of two catalogues of one version, and names the rules that change', async t => {
  const cards = padded([]);
  const before = await saved('same-1.json', cards);
  const after = join(folder, 'same-2.json');
  await writeFile(after, JSON.stringify({ version: 'test', rules: { fees: 'with_gst' }, cards }));
  const diff = await diffCatalogs(before, after, { users: 20, maxMonthlySpend: LIMIT });
  t.like(diff, { sameVersion: true, rules: ['fees: without_gst → with_gst'] });
  t.like(await diffCatalogs(before, before, { users: 20, maxMonthlySpend: LIMIT }), { sameVersion: false, rules: [] });
});

test('display names from a list: by id, by name, by CardGenius’ name; an empty one is taken away', async t => {
  const cards = padded([
    cardOf('gold', 0, { name: 'Gold Card' }),
    cardOf('silver', 0, { displayName: 'Old' }),
    cardOf('tin', 0, { cardGenius: { id: 7, name: 'CG  Tin' } }),
    cardOf('iron', 0, { displayName: 'Iron' }),
  ]);
  const path = await saved('names.json', cards);
  const csv = join(folder, 'names.csv');
  await writeFile(csv, '\uFEFFcard,display_name\ngold card,Shown Gold\nsilver,\ncg tin,"Tin, shown"\niron,Iron\n\n');
  const out = join(folder, 'named.json');
  t.deepEqual(await setDisplayNames(path, csv, out), {
    set: [
      { card: 'gold', before: undefined, after: 'Shown Gold' },
      { card: 'silver', before: 'Old', after: undefined },
      { card: 'tin', before: undefined, after: 'Tin, shown' },
    ],
    unchanged: 1,
  });
  const named = (await loadCatalog(out)).cards.slice(0, 4).map(card => card.displayName);
  t.deepEqual(named, ['Shown Gold', undefined, 'Tin, shown', 'Iron']);
});

test('a list of display names with a wrong line writes nothing', async t => {
  const path = await saved('unnamed.json', padded([cardOf('gold', 0, {}), cardOf('silver', 0, {})]));
  const out = join(folder, 'never.json');
  const refused = async (text: string, code: string, message: RegExp) => {
    const csv = join(folder, `wrong-${++files}.csv`);
    await writeFile(csv, text);
    await t.throwsAsync(setDisplayNames(path, csv, out), { code, message });
    await t.throwsAsync(loadCatalog(out), { code: 'CATALOG_UNREADABLE' });
  };
  await refused('card,display_name\ngold,A\ncopper,B\n', 'NAMES_CARD', /Line 3 .*no card "copper"/);
  await refused('card,display_name\ngold,A\ngold,B\n', 'NAMES_CARD', /Line 3 .* names gold, as line 2 does/);
  await refused('card,display_name\ngold,silver\n', 'CATALOG_INVALID', /"silver" is what users are shown/);
  await refused('card,name\ngold,A\n', 'NAMES_UNREADABLE', /must name the columns card and display_name/);
});

test('check warns of cards without a source, and of those that never rank', async t => {
  const good = Array.from({ length: 10 }, (_, i) => cardOf(`good ${i}`, 0, dated('2026')));
  const hopeless = cardOf('hopeless', 70_000, dated('2026', []));
  t.deepEqual(await findings([...good, hopeless]), [
    'warning sources hopeless terms.sources',
    'warning dominates good 0 the whole',
    'warning never-ranks hopeless the whole',
  ]);
});

test('diff of two catalogues over 50,000 users', async t => {
  const { cards, version } = await loadCatalog(SHIPPED);
  const next = cards.map(
    (card): Card =>
      card.name === 'CASHBACK SBI Card' ? { ...card, caps: card.caps!.map(cap => ({ ...cap, points: 2_000 })) } : card,
  );
  const file: CatalogFile = { version: 'next', rules: DEFAULT_RULES, cards: next };
  const path = await saved('next.json', file.cards, file.version);
  const startedAt = performance.now();
  const diff = await diffCatalogs(SHIPPED, path, { users: 50_000, maxMonthlySpend: LIMIT });
  const seconds = (performance.now() - startedAt) / 1000;
  t.log(`${seconds.toFixed(1)} s, ${diff.firstCardChanges} first cards change, ${diff.netMoves.users} first nets move`);
  t.like(diff, { before: version, after: 'next', users: 50_000 });
  t.true(diff.firstCardChanges > 1_000);
  t.is(diff.netMoves.up, 0, 'a lower cap helps no user');
  t.is(diff.netMoves.down, diff.netMoves.users);
  t.is(diff.cards.length, 1);
  t.like(diff.cards[0], { name: 'CASHBACK SBI Card', what: 'changed', fields: ['caps'], differences: ['caps'] });
  t.is(
    diff.switches.reduce((sum, { users }) => sum + users, 0),
    diff.firstCardChanges,
  );
  t.true(diff.switches.every(({ from }) => from === 'CASHBACK SBI Card'));
});

test('diff of a catalogue with itself, and with one card more and one less', async t => {
  const same = await diffCatalogs(SHIPPED, SHIPPED, { users: 500, maxMonthlySpend: LIMIT });
  t.like(same, { firstCardChanges: 0, cards: [], changes: [] });
  const { cards } = await loadCatalog(SHIPPED);
  const open = cards.filter(card => card.status === 'open');
  const best = cardOf('Best of all', 0, { earn: { base: { points: 50, per: 100 } } });
  const path = await saved('more.json', [best, ...open.slice(1)]);
  const diff = await diffCatalogs(SHIPPED, path, { users: 500, maxMonthlySpend: LIMIT });
  t.deepEqual(
    diff.cards.map(({ name, what }) => [name, what]),
    [
      [open[0]!.name, 'removed'],
      ['Best of all', 'added'],
    ],
  );
  t.true(diff.firstCardChanges > 400 && diff.netMoves.up === diff.netMoves.users);
});

test('a card in words', async t => {
  const { cards } = await loadCatalog(SHIPPED);
  for (const card of cards) t.true(describeCard(card, DEFAULT_RULES).startsWith(`${card.name}\n  id `));
  const text = describeCard(cards.find(card => card.id === 'sbi_cashback')!, DEFAULT_RULES);
  t.regex(text, /fees {12}₹999 joining, ₹999 a year \(waived from ₹2,00,000 a year\), before GST/);
  t.regex(text, /cap {13}5,000 points a month on amazon, .*; beyond it nothing/);
});
