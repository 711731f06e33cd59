import test from 'ava';
import { reportHtml } from '../../src/tools/report/page.ts';
import { cardRows, type Report, reportInShort, summaryOf } from '../../src/tools/report/report.ts';

const USERS = { users: 200, spendingUsers: 220, usersAtZero: 20, confirmedBelow: 11 };
const NETS = {
  netLeast: -50_000,
  netP5: 0,
  netP25: 100_00,
  netP50: 2_500_00,
  netP75: 9_000_00,
  netP95: 40_000_00,
  netMost: 9_99_999_00,
};
const RUN = { state: 'done' as const, finishedAt: new Date('2026-11-23T02:10:00Z'), completed: 200, failed: 3 };
const REPORT: Report = {
  database: 'pglite:here',
  at: new Date('2026-11-24T09:00:00Z'),
  users: { ...USERS, ...NETS },
  cards: Array.from({ length: 20 }, (_, i) => ({
    cardName: i === 0 ? 'A <b>&" card' : `Card ${i}`,
    firsts: Math.max(0, 40 - 5 * i),
    tens: 150 - i,
  })),
  lastRun: { runId: 8, ...RUN, rowsWritten: 500, rowsUnchanged: 1_500 },
  runBefore: { runId: 7, ...RUN, rowsWritten: 2_000, rowsUnchanged: 0 },
};
const EMPTY: Report = {
  ...REPORT,
  cards: [],
  users: {
    users: 0,
    spendingUsers: 0,
    usersAtZero: 0,
    confirmedBelow: 0,
    netLeast: null,
    netP5: null,
    netP25: null,
    netP50: null,
    netP75: null,
    netP95: null,
    netMost: null,
  },
  lastRun: null,
  runBefore: null,
};

test('a report says who has which card, what it is worth, how users spend, and what the last run changed', t => {
  t.deepEqual(Object.fromEntries(summaryOf(REPORT)), {
    'users with cards': '200',
    'cards that some user has': '20, 8 of them first',
    "the first card's net a year":
      'least -₹500.00 · 5 % ₹0.00 · 25 % ₹100.00 · median ₹2,500.00 · 75 % ₹9,000.00 · 95 % ₹40,000.00 · most ₹9,99,999.00',
    'users who spend nothing': '20 (9.1 %)',
    'confirmed spend below the five': '11 (5.0 %)',
    'last run':
      'run 8, done 2026-11-23T02:10Z: 200 users completed, 3 failed; 500 rows were written or changed (25.0 %), 1,500 stayed as they were',
    'the run before':
      'run 7, done 2026-11-23T02:10Z: 200 users completed, 3 failed; 2,000 rows were written or changed (100.0 %), 0 stayed as they were',
  });
  t.deepEqual(cardRows(REPORT)[1], ['Card 1', '35', '17.5 %', '149', '74.5 %']);
  t.deepEqual(reportInShort(REPORT), [
    'First card: A <b>&" card 20.0 %, Card 1 17.5 %, Card 2 15.0 %, Card 3 12.5 %, 4 other cards.',
    'Its net a year: median ₹2,500.00, half of the users from ₹100.00 to ₹9,000.00; 20 users spend nothing.',
  ]);
});

test('the page of a report has its two pictures, shows names as text, and nothing from elsewhere', t => {
  const page = reportHtml(REPORT);
  t.is(page.match(/<svg [^>]*role="img" aria-label="[^"]+"/g)?.length, 2);
  t.is(page.match(/<rect [^>]*fill="#2b5fad"/g)?.length, 15, 'a bar for each of the fifteen most frequent');
  t.true(page.includes('A &lt;b&gt;&amp;&quot; card') && !page.includes('<b>'));
  t.notRegex(page, /NaN|undefined|<script|https?:/);
});

test('before any run a report and its page say that there is nothing', t => {
  t.deepEqual(reportInShort(EMPTY), []);
  const page = reportHtml(EMPTY);
  t.regex(page, /No user has cards yet/);
  t.notRegex(page, /NaN|undefined/);
});
