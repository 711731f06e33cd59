import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { cardgenius, newPlace } from './cli.ts';

test('report, a dry run over all, a comparison of catalogues over the users, and redo by card look at a database and change nothing', async t => {
  const at = await newPlace();
  const { cwd } = at;
  const json = async (...args: string[]) => JSON.parse((await cardgenius([...args, '--json'], at)).stdout);
  await json('seed', '--users', '1200');
  await json('run');

  const report = await json('report', '--html', 'report.html');
  t.like(report, {
    users: { users: 1200, spendingUsers: 1200 },
    lastRun: { runId: 1, completed: 1200 },
    runBefore: null,
  });
  t.is(
    report.cards.reduce((sum: number, card: { firsts: number }) => sum + card.firsts, 0),
    1200,
  );
  t.regex(await readFile(join(cwd, 'report.html'), 'utf8'), /<svg .*role="img"/);

  // With the same catalogue nothing would change; with another one first cards do, and a gate would shut.
  const same = await cardgenius(['run', '--dry-run', '--all'], at);
  t.is(same.code, 0, same.stderr);
  t.regex(
    same.stdout,
    /all 1,200 users .*\n.*0 rows would be written \(0\.0 %\), 12,000 would stay\.\n0 of 1,200 users/s,
  );
  const catalog = JSON.parse(await readFile(join(import.meta.dirname, '../../catalog/cards.json'), 'utf8'));
  const [first] = report.cards;
  const other = catalog.cards.map((card: { name: string; displayName?: string; status: string }) =>
    (card.displayName ?? card.name) === first.cardName ? { ...card, status: 'closed' } : card,
  );
  await writeFile(join(cwd, 'next.json'), JSON.stringify({ ...catalog, version: 'next', cards: other }));
  const next = { ...at, env: { CARDGENIUS_CATALOG: join(cwd, 'next.json') } };
  const preview = await cardgenius(['run', '--dry-run', '--all', '--json'], next);
  t.is(preview.code, first.firsts / 1200 > 0.3 ? 1 : 0, preview.stderr);
  t.like(JSON.parse(preview.stdout), { users: 1200, completed: 1200, known: 1200, firstCardsChanged: first.firsts });
  t.is(JSON.parse(preview.stdout).moves[0].from, first.cardName);

  const diff = await json(
    'catalog',
    'diff',
    join(import.meta.dirname, '../../catalog/cards.json'),
    'next.json',
    '--database',
  );
  t.like(diff, { users: 1200, refused: 0, firstCardChanges: first.firsts, tenChanges: first.tens });

  const wrong = await cardgenius(['redo', '--card', `${first.cardName}x`], at);
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /Did you mean /);
  for (const named of [first.cardName, first.cardName.toLowerCase()])
    t.like(await json('redo', '--card', named), { users: first.tens, applied: false });
  t.like(await json('status'), { new: 0, completed: 1200, run: { runId: 1 } });
});
