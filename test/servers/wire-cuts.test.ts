import { join } from 'node:path';
import test from 'ava';
import type { BatchEvent } from '../../src/batch/events.ts';
import { type BatchOutcome, runBatch } from '../../src/batch/run-batch.ts';
import { loadSettings } from '../../src/config/settings.ts';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { loadEngine } from '../../src/engine/load-engine.ts';
import { seedSpending } from '../../src/exchange/seed-spending.ts';
import { onServers } from '../support/servers.ts';
import { wireTo } from '../support/wire.ts';

const USERS = 3_000;
/** A stall costs a time-out each: fewer of them. */
const EVERY = { cut: 7, stall: 40 } as const;
/**
 * Time-outs are short where the wire stalls, so that a stall costs little; doubled where a start publishes nothing: a slow
 * server needs longer. A cut is known at once.
 */
const PATIENCE = { cut: 16, stall: 1 } as const;
const poolsFor = (patience: number) => ({
  controlConnections: 4,
  workConnections: 8,
  controlTimeoutSeconds: 2 * patience,
  workTimeoutSeconds: 4 * patience,
});
const ROOT = join(import.meta.dirname, '../..');

onServers(({ name, port, create }) => {
  for (const fault of ['cut', 'stall'] as const)
    test(`${name}: the wire suffers a ${fault} again and again in the middle of a run: no user is lost or twice`, async t => {
      t.timeout(1_200_000);
      await using place = await create();
      {
        await using direct = await openDatabase(place.url, { checkSchema: false });
        await migrate(direct.target);
        await seedSpending(direct.database, USERS, 1);
      }
      const url = new URL(place.url);
      await using wire = await wireTo(url.hostname, Number(url.port || port));
      url.hostname = '127.0.0.1';
      url.port = String(wire.port);

      let events = 0;
      let published = 0;
      const listener = (event: BatchEvent) => {
        if (event.type === 'chunk-published') published++;
        if (++events % EVERY[fault] === 0 && wire.cuts < 40) wire[fault]();
      };
      let runs = 0;
      let patience: number = PATIENCE[fault];
      let outcome: BatchOutcome | undefined;
      while (outcome?.state !== 'done' && outcome?.state !== 'paused' && ++runs < 60) {
        const before = published;
        outcome = await take(url.href, patience, listener).catch(() => undefined);
        if (published === before && patience < 16) patience *= 2;
      }

      t.is(outcome?.state, 'done', String((await place.query('SELECT reason FROM cardgenius.run'))[0]?.reason));
      t.true(wire.cuts >= 4, `${wire.cuts} cuts`);
      t.log(`${wire.cuts} connections suffered a ${fault}, ${runs} times started`);
      t.deepEqual(
        numbersIn(
          await place.query(
            'SELECT processing_status, COUNT(*) AS users FROM user_spending_data GROUP BY processing_status',
          ),
        ),
        [{ processing_status: 'completed', users: USERS }],
      );
      const [rows] = numbersIn(
        await place.query(
          'SELECT COUNT(*) AS rows_, COUNT(DISTINCT user_id) AS users, MIN(rank) AS first, MAX(rank) AS last FROM card_recommendations',
        ),
      );
      t.deepEqual(rows, { rows_: USERS * 10, users: USERS, first: 1, last: 10 });
      const [sums] = numbersIn(
        await place.query(
          'SELECT SUM(completed) AS completed, SUM(failed) AS failed, SUM(changed) AS changed FROM cardgenius.chunk',
        ),
      );
      t.deepEqual(sums, { completed: USERS, failed: 0, changed: 0 });
    });
});

/** PostgreSQL's driver has a BIGINT as a text. */
const numbersIn = (rows: Record<string, unknown>[]): Record<string, unknown>[] =>
  rows.map(row =>
    Object.fromEntries(Object.entries(row).map(([name, v]) => [name, /^\d+$/.test(String(v)) ? Number(v) : v])),
  );

/** Takes part in the run as a process of its own would. */
async function take(url: string, patience: number, listener: (event: BatchEvent) => void): Promise<BatchOutcome> {
  const settings = await loadSettings({ env: {}, cwd: ROOT });
  await using opened = await openDatabase(url, { pools: poolsFor(patience) });
  return await runBatch(
    opened.database,
    { ...settings, chunkSize: 200, leaseSeconds: 5 },
    {
      kind: 'batch',
      userLimit: null,
      processor: `cut:${Math.round(performance.now())}`,
      requestedBy: 'test',
      deadlineAt: null,
      engine: await loadEngine(settings),
    },
    listener,
    new AbortController().signal,
  );
}
