/**
 * What would a team write in a day, and how does it compare? On one server, in turn, the engine being ours in all but the last:
 *
 * 1 the pseudo-code of the PRD, literally: a pool of 100 connections, one user at a time, one INSERT of ten rows
 * 2 chunks of 1,000: request.bulk with row objects straight into the target, the status by a list of ids
 * 3 one statement inside the database. It does less: no caps, no bands, no milestones, no check of the spends
 *
 * None of the three has leases, a fence, a check for spends that changed, or a way back for one bad user.
 *
 *   CARDGENIUS_BENCH_URL=mssql://… npm run -s bench:alternatives -- [--users 30000] [--rounds 5]
 */
import { readFile } from 'node:fs/promises';
import sql from 'mssql';
import { parseConnection } from '../src/database/mssql/connection-settings.ts';
import { createEngine } from '../src/engine/create-engine.ts';
import { group } from '../src/model/format.ts';
import { CARDS_PER_USER, type RecommendationSlice } from '../src/model/recommendation.ts';
import { CATEGORIES, SPENDING_COLUMNS, type SpendingSlice } from '../src/model/spending.ts';
import { populate, runOnce } from '../src/tools/bench/population.ts';
import { describeMachine, ratio, ratiosOf, show, spreadOf, timed } from '../src/tools/bench/rounds.ts';
import { type ScratchDatabase, scratchDatabase } from '../src/tools/bench/scratch-database.ts';
import { ENGINE, PLACE, readOptions, settings } from './options.ts';

const { users, rounds } = readOptions({ users: 30_000, rounds: 5 });
const literalUsers = Math.min(users, 2_000);
const CONNECTIONS = 100;
const CHUNK = 1_000;
if (!process.env.CARDGENIUS_BENCH_URL)
  throw new Error('CARDGENIUS_BENCH_URL is not set: this is a question to SQL Server');

const engine = await createEngine(settings);
const COLUMNS = [
  'user_id',
  'rank',
  'card_name',
  'total_savings_yearly',
  'joining_fees',
  'total_extra_benefits',
  'net_savings',
  ...CATEGORIES.map(category => `${category === 'otherOnline' ? 'other_online' : category}_points`),
  'redemption_method',
  'redemption_rate',
] as const;

interface UserRow {
  readonly user_id: string;
}

/** Fifteen values a row, as a team without a staging table would send them. */
function rowsOf(found: readonly UserRow[], slice: RecommendationSlice): unknown[][] {
  const { cardNo, yearly, extra, points } = slice;
  const count = cardNo.length;
  return Array.from(cardNo, (number, r) => {
    const card = engine.cards[number]!;
    const net = yearly[r]! + extra[r]! - card.joiningFees;
    return [
      found[Math.floor(r / CARDS_PER_USER)]!.user_id,
      (r % CARDS_PER_USER) + 1,
      card.name,
      yearly[r]! / 100,
      card.joiningFees / 100,
      extra[r]! / 100,
      net / 100,
      ...CATEGORIES.map((_, c) => points[c * count + r]! / 100),
      card.redemptionMethod,
      card.redemptionRate / 10_000,
    ];
  });
}

function sliceOf(found: readonly (UserRow & Record<string, unknown>)[]): SpendingSlice {
  const count = found.length;
  const amounts = new Float64Array(count * SPENDING_COLUMNS.length);
  for (const [i, row] of found.entries()) {
    for (const [c, column] of SPENDING_COLUMNS.entries())
      amounts[c * count + i] = Math.round(Number(row[column] ?? 0) * 100);
  }
  return { count, userNo: Int32Array.from({ length: count }, (_, i) => i + 1), amounts };
}

async function dueUsers(pool: sql.ConnectionPool, count: number) {
  const { recordset } = await pool
    .request()
    .query(`SELECT TOP (${count}) * FROM dbo.user_spending_data WHERE processing_status = 'new' ORDER BY user_id`);
  return recordset as (UserRow & Record<string, unknown>)[];
}

/** 1 One user at a time, a hundred at once. */
async function literally(pool: sql.ConnectionPool): Promise<void> {
  const due = await dueUsers(pool, literalUsers);
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      for (let user = due.pop(); user !== undefined; user = due.pop()) {
        const { recordset } = await pool
          .request()
          .input('user_id', sql.VarChar(50), user.user_id)
          .query('SELECT * FROM dbo.user_spending_data WHERE user_id = @user_id');
        const rows = rowsOf(recordset, await engine.recommend(sliceOf(recordset)));
        await pool
          .request()
          .input('user_id', sql.VarChar(50), user.user_id)
          .query('DELETE FROM dbo.card_recommendations WHERE user_id = @user_id');
        const insert = pool.request();
        const values = rows.map((row, r) => `(${row.map((_, c) => `@p${r}_${c}`).join(', ')})`);
        for (const [r, row] of rows.entries()) {
          for (const [c, value] of row.entries())
            insert.input(`p${r}_${c}`, typeof value === 'string' ? sql.VarChar(200) : sql.Decimal(12, 4), value);
        }
        await insert.query(`INSERT INTO dbo.card_recommendations (${COLUMNS.join(', ')}) VALUES ${values.join(', ')}`);
        await pool
          .request()
          .input('user_id', sql.VarChar(50), user.user_id)
          .query("UPDATE dbo.user_spending_data SET processing_status = 'completed' WHERE user_id = @user_id");
      }
    }),
  );
}

/** 2 Chunk after chunk, the driver's bulk load into the target itself. */
async function inBulk(pool: sql.ConnectionPool): Promise<void> {
  for (let left = users; left > 0; left -= CHUNK) {
    const found = await dueUsers(pool, Math.min(CHUNK, left));
    const ids = found.map(({ user_id }) => `'${user_id}'`).join(', ');
    await pool.request().batch(`DELETE FROM dbo.card_recommendations WHERE user_id IN (${ids})`);
    const table = new sql.Table('dbo.card_recommendations');
    for (const column of COLUMNS) table.columns.add(column, typeOf(column), { nullable: false });
    for (const row of rowsOf(found, await engine.recommend(sliceOf(found)))) table.rows.add(...(row as string[]));
    await pool.request().bulk(table);
    await pool
      .request()
      .batch(`UPDATE dbo.user_spending_data SET processing_status = 'completed' WHERE user_id IN (${ids})`);
  }
}

function typeOf(column: (typeof COLUMNS)[number]): sql.ISqlType {
  if (column === 'rank') return sql.TinyInt();
  if (column === 'user_id' || column === 'redemption_method') return sql.VarChar(50);
  if (column === 'card_name') return sql.VarChar(200);
  return column === 'redemption_rate' ? sql.Decimal(5, 4) : sql.Decimal(12, 2);
}

/** 3 Every user times every card times six rates, the best ten kept. */
async function inOneStatement(pool: sql.ConnectionPool): Promise<void> {
  const cards = await simpleCards();
  const rate = (spend: string, column: string) => `${spend} * c.${column}`;
  const six = `${rate('s.amazon', 'amazon')} + ${rate('s.flipkart', 'flipkart')} + ${rate('s.myntra', 'myntra')} + ${rate('s.ajio', 'ajio')} + ${rate('s.grocery', 'grocery')} + ${rate('s.other', 'other')}`;
  await pool.request().batch(`
    CREATE TABLE #card (card_name VARCHAR(200), fee DECIMAL(12,2), method VARCHAR(50), redemption DECIMAL(5,4),
      amazon FLOAT, flipkart FLOAT, myntra FLOAT, ajio FLOAT, grocery FLOAT, other FLOAT);
    INSERT INTO #card VALUES ${cards};
    CREATE TABLE #spend (user_id VARCHAR(50) PRIMARY KEY, amazon FLOAT, flipkart FLOAT, myntra FLOAT, ajio FLOAT, grocery FLOAT,
      other FLOAT);
    INSERT INTO #spend
    SELECT TOP (${users}) u.user_id, COALESCE(u.avg_amazon_gmv, 0), COALESCE(u.avg_flipkart_gmv, 0),
           COALESCE(u.avg_myntra_gmv, 0), COALESCE(u.avg_ajio_gmv, 0), COALESCE(u.avg_grocery_gmv, 0),
           COALESCE(u.avg_confirmed_gmv, 0)
    FROM dbo.user_spending_data AS u WHERE u.processing_status = 'new' ORDER BY u.user_id;
    UPDATE #spend SET other = CASE WHEN other > amazon + flipkart + myntra + ajio + grocery
                                   THEN other - amazon - flipkart - myntra - ajio - grocery ELSE 0 END;
    INSERT INTO dbo.card_recommendations (${COLUMNS.join(', ')})
    SELECT b.user_id, b.rank, b.card_name, b.yearly, b.fee, 0, b.yearly - b.fee, b.p1, b.p2, b.p3, b.p4, b.p5, b.p6, b.method,
           b.redemption
    FROM (
      SELECT s.user_id, c.card_name, c.fee, c.method, c.redemption, 12 * c.redemption * (${six}) AS yearly,
             s.amazon * c.amazon AS p1, s.flipkart * c.flipkart AS p2, s.myntra * c.myntra AS p3, s.ajio * c.ajio AS p4,
             s.grocery * c.grocery AS p5, s.other * c.other AS p6,
             ROW_NUMBER() OVER (PARTITION BY s.user_id ORDER BY 12 * c.redemption * (${six}) - c.fee DESC, c.card_name) AS rank
      FROM #spend AS s CROSS JOIN #card AS c
    ) AS b
    WHERE b.rank <= 10;
    UPDATE u SET u.processing_status = 'completed'
    FROM dbo.user_spending_data AS u JOIN #spend AS s ON s.user_id = u.user_id;
    DROP TABLE #spend;
    DROP TABLE #card;`);
}

interface CatalogCard {
  readonly name: string;
  readonly status: string;
  readonly fees: { readonly joining: number };
  readonly earn?: Readonly<Record<string, { readonly points: number; readonly per: number }>>;
  readonly redemption: readonly { readonly method: string; readonly rate: number }[];
}

/** The catalogue as rows of values: rates only. */
async function simpleCards(): Promise<string> {
  const { cards } = JSON.parse(await readFile(settings.catalogPath, 'utf8')) as { cards: CatalogCard[] };
  return cards
    .filter(({ status }) => status === 'open')
    .map(({ name, fees, earn, redemption }) => {
      const rates = CATEGORIES.map(category => {
        const { points, per } = earn?.[category] ?? earn?.base ?? { points: 0, per: 1 };
        return String(points / per);
      });
      const [best] = redemption
        .filter(({ method }) => method === 'Vouchers' || method === 'Cashback')
        .sort((a, b) => b.rate - a.rate);
      return `('${name.replaceAll("'", "''")}', ${fees.joining}, '${best?.method ?? 'None'}', ${best?.rate ?? 0}, ${rates.join(', ')})`;
    })
    .join(',\n');
}

async function measure(scratch: ScratchDatabase, work: (pool: sql.ConnectionPool) => Promise<void>, done: number) {
  const { server, port, user, password } = parseConnection(scratch.at.url, scratch.at.password);
  await using pool = await connect({ server, port, user, password, database: scratch.at.databaseName });
  await pool.request().query('SELECT 1 AS one'); // a connection that is already there
  return done / (await timed(() => work(pool)));
}

async function connect(place: object): Promise<sql.ConnectionPool & AsyncDisposable> {
  const pool = new sql.ConnectionPool({
    ...place,
    requestTimeout: 600_000,
    pool: { max: CONNECTIONS, min: 0 },
    options: { encrypt: true, trustServerCertificate: true },
  } as sql.config);
  await pool.connect();
  return Object.assign(pool, { [Symbol.asyncDispose]: async () => void (await pool.close()) });
}

const rates = { ours: [] as number[], literally: [] as number[], inBulk: [] as number[], inOne: [] as number[] };
for (let round = 0; round < rounds; round++) {
  await using scratch = await scratchDatabase(PLACE);
  await populate(scratch.database, settings, literalUsers + 3 * users);
  rates.literally.push(await measure(scratch, literally, literalUsers));
  rates.inBulk.push(await measure(scratch, inBulk, users));
  rates.inOne.push(await measure(scratch, inOneStatement, users));
  rates.ours.push(users / (await timed(() => runOnce(scratch.database, settings, { expected: users }))));
}

console.log(describeMachine());
console.log(`${ENGINE}, ${group(users)} users (${group(literalUsers)} one at a time), ${rounds} rounds`);
const line = (name: string, values: readonly number[]) =>
  console.log(
    `${name.padEnd(18)} ${show(spreadOf(values))} users/s; ours is ${show(spreadOf(ratiosOf(rates.ours, values)), ratio)} times that`,
  );
console.log(`ours               ${show(spreadOf(rates.ours))} users/s`);
line('one at a time', rates.literally);
line('request.bulk', rates.inBulk);
line('one SQL statement', rates.inOne);
