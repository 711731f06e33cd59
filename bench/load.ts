/**
 * What share of the driver's own speed does our load reach?
 *
 * Ours: `stage()`, from the columns that the worker threads hand over. The floor: a bulk load of the same rows by the same
 * driver into a twin of the same table, the rows ready-made before the clock starts. In turn, round by round.
 *
 *   CARDGENIUS_BENCH_URL=mssql://… npm run -s bench:load -- [--users 10000] [--rounds 7]
 */
import { Connection, Request } from 'tedious';
import { loadSettings } from '../src/config/settings.ts';
import { parseConnection } from '../src/database/mssql/connection-settings.ts';
import { bulkLoad, recommendationRows, STAGED_RECOMMENDATION } from '../src/database/mssql/staging.ts';
import { createEngine } from '../src/engine/create.ts';
import { inventUser } from '../src/exchange/seed-spending.ts';
import { ENGINE, freshDatabase } from './fresh-database.ts';
import { describeMachine, group, numberOption, ratio, show, spreadOf, timed } from './harness.ts';

const users = numberOption('users', 10_000);
const rounds = numberOption('rounds', 7);
const engine = await createEngine(await loadSettings({ env: {}, cwd: import.meta.dirname }));

await using fresh = await freshDatabase();
const amounts = new Float64Array(users * 6);
for (let i = 0; i < users; i++) {
  for (const [c, amount] of inventUser(i + 1, 1).amounts.entries()) amounts[c * users + i] = amount ?? 0;
}
const userNo = Int32Array.from({ length: users }, (_, i) => i + 1);
const slice = await engine.recommend({ count: users, userNo, amounts });
const rows = slice.cardNo.length;

const connection = await connect(fresh.url);
const TWIN = { ...STAGED_RECOMMENDATION, name: '[dbo].[twin]' };
await batch(
  'SELECT * INTO dbo.twin FROM cardgenius.staged_recommendation WHERE 1 = 0; ' +
    'ALTER TABLE dbo.twin ADD CONSTRAINT pk_twin PRIMARY KEY CLUSTERED (load_no, user_no, rank);',
);

const rates = { ours: [] as number[], floor: [] as number[] };
for (let round = 0; round <= rounds; round++) {
  const ready = Array.from(recommendationRows(1000 + round, [slice]), row => [...row]);
  const floor = rows / (await timed(() => bulkLoad(connection, TWIN, ready)));
  const ours = rows / (await timed(() => fresh.database.stage(1000 + round, [slice])));
  if (round === 0) continue; // warm
  rates.floor.push(floor);
  rates.ours.push(ours);
}
connection.close();

console.log(describeMachine());
console.log(`${ENGINE}, ${group(rows)} rows a load, ${rounds} rounds`);
console.log(`ours:  ${show(spreadOf(rates.ours))} rows/s (stage(): both tables, from the engine’s columns)`);
console.log(`floor: ${show(spreadOf(rates.floor))} rows/s (ready-made rows, one table)`);
console.log(`ratio: ${show(spreadOf(rates.ours.map((rate, i) => rate / rates.floor[i]!)), ratio)}`);

async function connect(url: string): Promise<Connection> {
  const { server, port, database, user, password, trustServerCertificate } = parseConnection(url);
  const made = new Connection({
    server,
    authentication: { type: 'default', options: { userName: user, password } },
    options: {
      port: port ?? 1433,
      database,
      encrypt: true,
      trustServerCertificate,
      packetSize: 16_384,
      requestTimeout: 300_000,
    },
  });
  await new Promise<void>((resolve, reject) => made.connect(error => (error ? reject(error) : resolve())));
  return made;
}

function batch(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.execSqlBatch(new Request(text, error => (error ? reject(error) : resolve())));
  });
}
