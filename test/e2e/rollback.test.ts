import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { FULL_COLUMNS, formatRow } from '../../src/exchange/export-recommendations.ts';
import { seedSpending } from '../../src/exchange/seed-spending.ts';
import { openDatabase, runBatch } from '../../src/index.ts';
import { cardgenius, newPlace } from './cli.ts';

const SHIPPED = join(import.meta.dirname, '../../catalog/cards.json');
const USERS = 60;
/** What each run writes anew. */
const OF_THE_RUN = /_at$|^batch_id$/;
const COLUMNS = FULL_COLUMNS.filter(name => !OF_THE_RUN.test(name));

/** The recipe of docs/catalog.md, "Go back to the catalogue before"; all but the command under test in this process. */
test('the way back from a bad catalogue: its run gives the good one back byte for byte, and redo and run the good rows', async t => {
  t.timeout(600_000);
  const at = await newPlace();
  const { cwd } = at;
  const database = `pglite:${join(cwd, 'db')}`;
  const catalog = join(cwd, 'cards.json');
  const config = { database, catalog, workers: 1, maxFirstCardChangedShare: 1 };
  const open = () => openDatabase({ config });
  const good = await readFile(SHIPPED);
  const bad = JSON.parse(good.toString());
  bad.version = 'bad';
  let rows: string[][];

  {
    await using opened = await open();
    const table = async () => {
      const found = await opened.database.exportRecommendations(null, 2_000);
      return found.map(row => formatRow(row, COLUMNS));
    };
    await seedSpending(opened.database, USERS, 7);
    await writeFile(catalog, good);
    t.like(await runBatch(opened, { config }), { runId: 1, state: 'done', completed: USERS });
    rows = await table();
    t.is(rows.length, USERS * 10);

    const first = rows[0]![COLUMNS.indexOf('card_name')];
    for (const card of bad.cards) if ([card.name, card.displayName].includes(first)) card.earn.base.points = 0;
    await writeFile(catalog, JSON.stringify(bad));
    t.is(await opened.audit.redoUsers({ cardName: null, olderThan: null, runId: null }, true), USERS);
    t.like(await runBatch(opened, { config }), { runId: 2, state: 'done', completed: USERS });
    t.notDeepEqual(await table(), rows);
  }

  const exported = await cardgenius(['catalog', 'export', '--run', '1', '--out', 'cards.json'], at);
  t.is(exported.code, 0, exported.stderr);
  t.deepEqual(await readFile(catalog), good, 'byte for byte');

  await using opened = await open();
  const kept = await opened.history.readCatalog(2);
  t.is(JSON.parse(Buffer.from(kept!.bytes).toString()).version, 'bad', 'each run keeps its own');
  t.is(await opened.audit.redoUsers({ cardName: null, olderThan: null, runId: null }, true), USERS);
  t.like(await runBatch(opened, { config }), { runId: 3, state: 'done', completed: USERS });
  const again = await opened.database.exportRecommendations(null, 2_000);
  t.deepEqual(
    again.map(row => formatRow(row, COLUMNS)),
    rows,
  );
});
