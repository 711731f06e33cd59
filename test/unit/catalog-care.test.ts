import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { DEFAULT_RULES } from '../../src/engine/card-terms.ts';
import { loadCatalog } from '../../src/engine/catalog.ts';
import type { Card, CatalogFile } from '../../src/engine/catalog-schema.ts';
import { describeCard } from '../../src/engine/describe-card.ts';
import { checkCatalog } from '../../src/tools/catalog/check.ts';
import { diffCatalogs } from '../../src/tools/catalog/diff.ts';
import { cardOf, padded } from '../reference/engine-rows.ts';

const SHIPPED = join(import.meta.dirname, '../../catalog/cards.json');
const LIMIT = 1_000_000_000;
const NOW = new Date('2026-11-23T00:00:00Z');
let files = 0;
const folder = await mkdtemp(join(tmpdir(), 'cardgenius-catalog-'));

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

test('check reports every error, not only the first', async t => {
  const cards = padded([cardOf('a', 1, { fees: { joining: -1, annual: '5' } }), cardOf('b', 1, { slab: [] })]);
  t.deepEqual(await findings(cards), [
    'error schema a fees.joining',
    'error schema a fees.annual',
    'error schema b the whole',
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

test('check warns of cards without a source, and of those that never rank', async t => {
  const good = Array.from({ length: 10 }, (_, i) => cardOf(`good ${i}`, 0, dated('2026')));
  const hopeless = cardOf('hopeless', 99_999, dated('2026', []));
  t.deepEqual(await findings([...good, hopeless]), [
    'warning sources hopeless terms.sources',
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
  t.is(diff.netMoves.up, 0, 'a lower cap helps nobody');
  t.is(diff.netMoves.down, diff.netMoves.users);
  t.is(diff.cards.length, 1);
  t.like(diff.cards[0], { name: 'CASHBACK SBI Card', what: 'changed', fields: ['caps'] });
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
