import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { createBuiltInEngine } from '../../src/engine/built-in.ts';
import { loadCatalog } from '../../src/engine/catalog.ts';
import type { Card, EarnRate } from '../../src/engine/catalog-schema.ts';
import { MONTHS } from '../../src/engine/periods.ts';
import { CARDS_PER_USER, MAX_DECIMAL_12_2 } from '../../src/model/recommendation.ts';
import { CATEGORIES } from '../../src/model/spending.ts';
import { answersOf, rowsOf, sliceOf } from '../reference/engine-rows.ts';
import { amounts } from '../reference/random-cards.ts';
import type { ReferenceRow } from '../reference/reference.ts';

const CATALOG = await loadCatalog(join(import.meta.dirname, '../../catalog/cards.json'));
const OPEN = CATALOG.cards.filter(card => card.status === 'open');
const ENGINE = createBuiltInEngine({ catalog: CATALOG });

/** Engines that together know all these cards, ten cards each, so that every card is in the answer. */
function enginesOfTen(cards: readonly Card[]) {
  const starts = Array.from({ length: Math.ceil(cards.length / CARDS_PER_USER) }, (_, i) => i * CARDS_PER_USER);
  return starts.map(start => {
    const from = Math.min(start, cards.length - CARDS_PER_USER);
    return createBuiltInEngine({
      catalog: { cards: cards.slice(from, from + CARDS_PER_USER), sha256: '' },
    });
  });
}

async function allRows(engines: ReturnType<typeof enginesOfTen>, user: readonly number[]) {
  const rows = await Promise.all(engines.map(engine => rowsOf(engine, user)));
  return new Map(rows.flat().map(row => [row.cardName, row]));
}

test('ten distinct open cards for everyone', async t => {
  const names = new Set(OPEN.map(card => card.name));
  const property = fc.asyncProperty(amounts, async user => {
    const given = (await rowsOf(ENGINE, user)).map(row => row.cardName);
    t.is(new Set(given).size, CARDS_PER_USER);
    t.true(given.every(name => names.has(name)));
  });
  await fc.assert(property, { numRuns: 200 });
});

test('ranked by net, then by yearly savings, then by name; no card left out is better', async t => {
  const engines = enginesOfTen(OPEN);
  const isBefore = (a: ReferenceRow, b: ReferenceRow) => {
    if (a.net !== b.net) return a.net > b.net;
    if (a.yearly !== b.yearly) return a.yearly > b.yearly;
    return Buffer.compare(Buffer.from(a.cardName), Buffer.from(b.cardName)) < 0;
  };
  const property = fc.asyncProperty(amounts, async user => {
    const rows = await rowsOf(ENGINE, user);
    t.true(rows.every((row, i) => i === 0 || isBefore(rows[i - 1]!, row)));
    const all = await allRows(engines, user);
    const chosen = new Set(rows.map(row => row.cardName));
    const others = [...all.values()].filter(row => !chosen.has(row.cardName));
    t.is(others.length, OPEN.length - CARDS_PER_USER);
    t.true(others.every(row => isBefore(rows.at(-1)!, row)));
  });
  await fc.assert(property, { numRuns: 100 });
});

test('net is yearly + extra − the catalogue’s joining fee, and everything is whole paise or hundredths', async t => {
  const fees = new Map(OPEN.map(card => [card.name, Math.round(card.fees.joining * 100)]));
  const property = fc.asyncProperty(amounts, async user => {
    for (const { cardName, yearly, extra, joining, net, points } of await rowsOf(ENGINE, user)) {
      t.is(joining, fees.get(cardName)!);
      t.is(BigInt(net), BigInt(yearly) + BigInt(extra) - BigInt(fees.get(cardName)!));
      t.true([yearly, extra, ...points].every(value => Number.isInteger(value) && value >= 0));
      t.true([yearly, extra, net, ...points].every(value => Math.abs(value) <= MAX_DECIMAL_12_2));
    }
  });
  await fc.assert(property, { numRuns: 200 });
});

/**
 * Holds for every card whose caps do not overlap and for slabs without caps: that is, for all of the catalogue. (Where a cap
 * follows a cap over some of its categories, the document's rules let points wander to where they find no room.)
 *
 * At ₹1 a point a year's savings are the exact points of all six, rounded once; six rounded columns would not tell. What is
 * raised is one of the six spends: confirmed rises with it, so that other online stays.
 */
test('more of one spend never earns fewer points', async t => {
  const engines = enginesOfTen(OPEN.map(card => ({ ...card, redemption: [{ method: 'Cashback', rate: 1 }] })));
  const raise = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 50_000_000 }));
  const category = fc.integer({ min: 0, max: 5 });
  const property = fc.asyncProperty(amounts, category, raise, async (user, raised, by) => {
    const more = user.map((amount, c) => (c === raised || c === 5 ? amount + by : amount));
    const [before, after] = [await allRows(engines, user), await allRows(engines, more)];
    t.is(after.size, OPEN.length);
    for (const [name, row] of after) {
      t.true(row.yearly >= before.get(name)!.yearly, name);
      t.true(row.extra >= before.get(name)!.extra, name);
    }
  });
  await fc.assert(property, { numRuns: 60 });
});

test('a cap is never exceeded', async t => {
  const capped = OPEN.filter(card => card.caps !== undefined);
  const engines = enginesOfTen(capped);
  const perRupee = (rate: EarnRate | undefined) => (rate === undefined ? 0 : rate.points / rate.per);
  let full = 0;
  const property = fc.asyncProperty(amounts, async user => {
    const five = user.slice(0, 5);
    const spends = [...five, Math.max(0, user[5]! - five.reduce((sum, amount) => sum + amount, 0))];
    const rows = await allRows(engines, user);
    for (const { name, caps = [] } of capped) {
      for (const { categories, points, every, overflow } of caps) {
        const limited = categories.map(category => CATEGORIES.indexOf(category));
        const earned = limited.reduce((sum, c) => sum + rows.get(name)!.points[c]!, 0);
        const beyond = limited.reduce((sum, c) => sum + spends[c]! * perRupee(overflow), 0);
        const room = (points * 100) / MONTHS[every] + beyond;
        t.true(earned <= room + limited.length / 2 + 1e-3, `${name}: ${earned} of ${room}`);
        if (overflow === undefined && earned >= room - limited.length / 2) full++;
      }
    }
  });
  await fc.assert(property, { numRuns: 100 });
  t.true(full > 0, 'some were full');
});

test('the same answers, however the users are cut into slices', async t => {
  const users = fc.array(fc.oneof({ weight: 9, arbitrary: amounts }, fc.constant([-1, 0, 0, 0, 0, 0])), {
    minLength: 1,
    maxLength: 40,
  });
  const property = fc.asyncProperty(users, fc.integer({ min: 1, max: 12 }), async (all, size) => {
    const whole = await answersOf(ENGINE, all);
    const parts = [];
    for (let at = 0; at < all.length; at += size) parts.push(...(await answersOf(ENGINE, all.slice(at, at + size))));
    t.deepEqual(parts, whole);
  });
  await fc.assert(property, { numRuns: 50 });

  const numbered = await ENGINE.recommend(
    sliceOf([[100_000, 0, 0, 0, 0, 0], [-1, 0, 0, 0, 0, 0], Array(6).fill(0)], 40),
  );
  t.deepEqual([...numbered.userNo], [40, 42], 'users keep their numbers');
  t.deepEqual(
    numbered.failures.map(failure => failure.userNo),
    [41],
  );
});
