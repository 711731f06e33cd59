import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { createBuiltInEngine } from '../../src/engine/built-in.ts';
import { parseCatalog } from '../../src/engine/catalog.ts';
import { type Amounts, answersOf, catalogOf, type EngineAnswer } from '../reference/engine-rows.ts';
import { amounts, rules, tenCards } from '../reference/random-cards.ts';
import { randomUser, seededRandom } from '../reference/random-users.ts';
import {
  type ReferenceAnswer,
  type ReferenceCard,
  type ReferenceRules,
  recommendExactly,
} from '../reference/reference.ts';

const LIMIT = 1_000_000_000;
const PATH = join(import.meta.dirname, '../../catalog/cards.json');
const BYTES = await readFile(PATH);
const CATALOG = parseCatalog(BYTES, PATH);
/** As they are written, not as the loader hands them on. */
const CARDS: readonly ReferenceCard[] = JSON.parse(BYTES.toString()).cards;

/** What has to agree: every column of the rows, or the code of the failure, and where the document words it its message. */
function comparable(answer: EngineAnswer | ReferenceAnswer): unknown {
  if ('rows' in answer) return answer.rows;
  return answer.failure === 'INVALID_SPENDING' ? answer : answer.failure;
}

function differences(ours: readonly EngineAnswer[], theirs: readonly ReferenceAnswer[]): number {
  return theirs.filter((theirs, i) => JSON.stringify(comparable(ours[i]!)) !== JSON.stringify(comparable(theirs)))
    .length;
}

test('1,000 random users over the whole catalogue: every column as in the reference', async t => {
  const random = seededRandom(20_261_122);
  const users = Array.from({ length: 1_000 }, () => randomUser(random, LIMIT));
  const ours = await answersOf(createBuiltInEngine({ catalog: CATALOG, maxMonthlySpend: LIMIT }), users);
  let [different, rows, failed] = [0, 0, 0];
  users.forEach((user, i) => {
    const theirs = recommendExactly(CARDS, user, LIMIT);
    different += differences([ours[i]!], [theirs]);
    if (different === 1) t.deepEqual(comparable(ours[i]!), comparable(theirs), JSON.stringify(user));
    if ('rows' in theirs) rows += theirs.rows.length;
    else failed++;
  });
  const open = CARDS.filter(card => card.status === 'open').length;
  t.log(`1,000 users, ${rows} rows, ${failed} refused, ${different} differences, ${open} open cards`);
  t.is(different, 0);
  t.is(open, 85);
  t.true(rows >= 8_000 && failed >= 30, 'both kinds of answer are there in numbers');
});

test('a limit so high that doubles and columns do not suffice: the same answers and failures', async t => {
  const limit = 999_999_999_999; // all that an amount's column holds
  const random = seededRandom(7);
  const users = Array.from({ length: 100 }, () => randomUser(random, limit));
  const ours = await answersOf(createBuiltInEngine({ catalog: CATALOG, maxMonthlySpend: limit }), users);
  const theirs = users.map(user => recommendExactly(CARDS, user, limit));
  const outOfRange = theirs.filter(answer => 'failure' in answer && answer.failure === 'RESULT_OUT_OF_RANGE').length;
  t.log(`100 users, ${outOfRange} out of range, ${differences(ours, theirs)} differences`);
  t.is(differences(ours, theirs), 0);
  t.true(outOfRange > 0);
});

test('random cards under random rules: slabs with caps and orders, caps over caps, odd rates', async t => {
  const user: fc.Arbitrary<Amounts> = amounts;
  const compare = async (cards: readonly object[], users: readonly Amounts[], by: ReferenceRules) => {
    const catalog = catalogOf(cards, by);
    const ours = await answersOf(createBuiltInEngine({ catalog, maxMonthlySpend: LIMIT }), users);
    users.forEach((user, i) => {
      t.deepEqual(comparable(ours[i]!), comparable(recommendExactly(cards as ReferenceCard[], user, LIMIT, by)));
    });
  };
  const users = fc.array(user, { minLength: 3, maxLength: 3 });
  await fc.assert(fc.asyncProperty(tenCards, users, rules, compare), { numRuns: 300, seed: 1122 });
});
