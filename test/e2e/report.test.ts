import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { cardgenius, hold, newPlace } from './cli.ts';

const CATALOG = join(import.meta.dirname, '../../catalog/cards.json');

test('report, a dry run over all, a comparison of catalogues over the users, and redo by card look at a database and change nothing', async t => {
  const at = await newPlace('done');
  const { cwd } = at;
  const json = async (...args: string[]) => JSON.parse((await cardgenius([...args, '--json'], at)).stdout);

  // With the same catalogue nothing would change; with another one first cards do, and a gate would shut.
  const same = await cardgenius(['run', '--dry-run', '--all'], at);
  t.is(same.code, 0, same.stderr);
  t.regex(same.stdout, /all 100 users .*\n.*0 rows would be written \(0\.0 %\), 1,000 would stay\.\n0 of 100 users/s);

  const held = await hold(at);
  const report = await json('report', '--html', 'report.html');
  t.like(report, {
    users: { users: 100, spendingUsers: 100 },
    lastRun: { runId: 1, completed: 100 },
    runBefore: null,
  });
  t.is(
    report.cards.reduce((sum: number, card: { firsts: number }) => sum + card.firsts, 0),
    100,
  );
  t.regex(await readFile(join(cwd, 'report.html'), 'utf8'), /<svg .*role="img"/);

  const catalog = JSON.parse(await readFile(CATALOG, 'utf8'));
  const [first] = report.cards;
  const other = catalog.cards.map((card: { name: string; displayName?: string; status: string }) =>
    (card.displayName ?? card.name) === first.cardName ? { ...card, status: 'closed' } : card,
  );
  await writeFile(join(cwd, 'next.json'), JSON.stringify({ ...catalog, version: 'next', cards: other }));
  const diff = await json('catalog', 'diff', CATALOG, 'next.json', '--database');
  t.like(diff, { users: 100, refused: 0, firstCardChanges: first.firsts, tenChanges: first.tens });

  const wrong = await cardgenius(['redo', '--card', `${first.cardName}x`], at);
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /Did you mean /);
  for (const named of [first.cardName, first.cardName.toLowerCase()])
    t.like(await json('redo', '--card', named), { users: first.tens, applied: false });
  await held.database.close();

  const next = { ...at, env: { CARDGENIUS_CATALOG: join(cwd, 'next.json') } };
  const preview = await cardgenius(['run', '--dry-run', '--all', '--json'], next);
  t.is(preview.code, first.firsts / 100 > 0.3 ? 1 : 0, preview.stderr);
  t.like(JSON.parse(preview.stdout), { users: 100, completed: 100, known: 100, firstCardsChanged: first.firsts });
  t.is(JSON.parse(preview.stdout).moves[0].from, first.cardName);
  t.like(await json('status'), { new: 0, completed: 100, run: { runId: 1 } });
});
