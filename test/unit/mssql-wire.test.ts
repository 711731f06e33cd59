import { createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import test from 'ava';
import { Connection } from 'tedious';
import { loadSettings } from '../../src/config/settings.ts';
import {
  bulkLoad,
  failureRows,
  recommendationRows,
  STAGED_OUTCOME,
  STAGED_RECOMMENDATION,
  STAGED_SPENDING,
  type StagingTable,
  spendingRows,
  toSpendingSlice,
} from '../../src/database/mssql/mssql-staging.ts';
import { openMssql } from '../../src/database/mssql/open-mssql.ts';
import { DatabaseError } from '../../src/model/errors.ts';
import { CARDS_PER_USER, type RecommendationSlice } from '../../src/model/recommendation.ts';

interface SentLoad {
  readonly statement: string;
  readonly rows: unknown[][];
  readonly loaded: number;
}

/** Loads rows through a connection of the driver that was never made: what it would send. */
async function sent(table: StagingTable, source: Iterable<unknown[]>): Promise<SentLoad> {
  const connection = new Connection({ server: 'localhost', options: { encrypt: true } });
  const rows: unknown[][] = [];
  let statement = '';
  connection.execBulkLoad = (load, given) => {
    const { getBulkInsertSql, callback } = load as unknown as {
      getBulkInsertSql(): string;
      callback(error: Error | undefined, rowCount: number): void;
    };
    statement = getBulkInsertSql.call(load);
    for (const row of given as Iterable<unknown[]>) rows.push([...row]); // one array for all rows: written, then reused
    callback(undefined, rows.length);
  };
  const loaded = await bulkLoad(connection, table, source);
  return { statement, rows, loaded };
}

/** Two served users, numbers 2 and 5; the figures tell column, user and rank. */
function sliceOf(served: readonly number[], failed: readonly number[]): RecommendationSlice {
  const count = served.length * CARDS_PER_USER;
  const figures = (base: number, length = count) => Float64Array.from({ length }, (_, i) => base + i);
  return {
    userNo: Int32Array.from(served),
    cardNo: Int32Array.from({ length: count }, (_, r) => 100 + r),
    yearly: figures(999_999_999_000),
    extra: figures(2_000),
    points: figures(10_000, 6 * count),
    failures: failed.map(userNo => ({ userNo, code: 'ENGINE_FAILED', message: `user ${userNo}` })),
  };
}

test('staged_recommendation: the statement, and ten rows for each served user', async t => {
  const slices = [sliceOf([2, 5], [1, 3, 9]), sliceOf([11], [])];
  const { statement, rows, loaded } = await sent(STAGED_RECOMMENDATION, recommendationRows(slices));
  t.is(
    statement,
    'insert bulk #staged_recommendation([user_no] int, [rank] tinyint, [card_no] int, ' +
      '[total_savings_yearly] bigint, [total_extra_benefits] bigint, [amazon_points] bigint, [flipkart_points] bigint, ' +
      '[myntra_points] bigint, [ajio_points] bigint, [grocery_points] bigint, [other_online_points] bigint) ' +
      'WITH (KEEP_NULLS,TABLOCK,ORDER (user_no ASC, rank ASC))',
  );
  t.is(loaded, 30);
  t.is(rows.length, 30);
  t.deepEqual(rows[0], [2, 1, 100, 999_999_999_000n, 2000n, 10_000n, 10_020n, 10_040n, 10_060n, 10_080n, 10_100n]);
  t.deepEqual(rows[19], [5, 10, 119, 999_999_999_019n, 2019n, 10_019n, 10_039n, 10_059n, 10_079n, 10_099n, 10_119n]);
  t.deepEqual(
    rows.map(([userNo, rank]) => `${userNo}/${rank}`),
    [2, 5, 11].flatMap(userNo => Array.from({ length: 10 }, (_, r) => `${userNo}/${r + 1}`)),
  );
});

test('staged_outcome: the statement, and a row for each user who failed, in ascending order', async t => {
  const slices = [sliceOf([2, 5], [1, 3, 4, 9]), sliceOf([11], []), sliceOf([], [12, 13])];
  const { statement, rows, loaded } = await sent(STAGED_OUTCOME, failureRows(slices));
  t.is(
    statement,
    'insert bulk #staged_outcome([user_no] int, [error_code] varchar(50), ' +
      '[error_message] varchar(400)) WITH (KEEP_NULLS,TABLOCK,ORDER (user_no ASC))',
  );
  const failed = (userNo: number) => [userNo, 'ENGINE_FAILED', `user ${userNo}`];
  t.deepEqual(rows, [1, 3, 4, 9, 12, 13].map(failed));
  t.is(loaded, 6);
});

test('staged_spending: the statement, and the amounts as they are, NULL included', async t => {
  const users = [
    { userId: 'CK1', lineNo: 2, amounts: [150, null, 0, 1, 1_000_000_000, 700] },
    { userId: 'CK2', lineNo: 3, amounts: [null, null, null, null, null, null] },
  ];
  const { statement, rows } = await sent(STAGED_SPENDING, spendingRows(8, users));
  t.is(
    statement,
    'insert bulk [cardgenius].[staged_spending]([user_id] varchar(50), [load_no] bigint, [line_no] int, [amazon] bigint, ' +
      '[flipkart] bigint, [myntra] bigint, [ajio] bigint, [grocery] bigint, [confirmed] bigint) ' +
      'WITH (KEEP_NULLS,ORDER (load_no ASC, line_no ASC))',
  );
  t.deepEqual(rows, [
    ['CK1', 8n, 2, 150, null, 0, 1, 1_000_000_000, 700],
    ['CK2', 8n, 3, null, null, null, null, null, null],
  ]);
});

test('a load takes its own temporary table and no shared one, fires no trigger, and checks no constraint', async t => {
  for (const table of [STAGED_RECOMMENDATION, STAGED_OUTCOME, STAGED_SPENDING]) {
    const { statement, loaded } = await sent(table, []);
    t.is(/TABLOCK/.test(statement), table.name.startsWith('#'));
    t.notRegex(statement, /FIRE_TRIGGERS|CHECK_CONSTRAINTS/);
    t.is(loaded, 0);
  }
});

test('a load that fails ends in its error', async t => {
  const connection = new Connection({ server: 'localhost' });
  connection.execBulkLoad = load =>
    (load as unknown as { callback(error: Error): void }).callback(new Error('refused'));
  await t.throwsAsync(bulkLoad(connection, STAGED_OUTCOME, []), { message: 'refused' });
});

test('what read_chunk answers becomes columns', t => {
  const slice = toSpendingSlice([
    [1, 10, 20, 30, 40, 50, 60],
    [4, 11, 21, 31, 41, 51, 999_999_999_999],
  ]);
  t.deepEqual(slice, {
    count: 2,
    userNo: Int32Array.of(1, 4),
    amounts: Float64Array.of(10, 11, 20, 21, 30, 31, 40, 41, 50, 51, 60, 999_999_999_999),
  });
  t.deepEqual(toSpendingSlice([]), { count: 0, userNo: new Int32Array(), amounts: new Float64Array() });
});

/** A server on loopback that speaks no TDS. */
async function listen(onSocket: (socket: Socket) => void): Promise<AsyncDisposable & { port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>(resolve => server.close(() => resolve()));
    },
  };
}

const MUTE: Readonly<Record<string, [onSocket: (socket: Socket) => void, says: RegExp]>> = {
  'that never answers': [socket => socket.resume(), /Failed to connect to 127\.0\.0\.1:\d+ in 300ms/],
  'that closes at once': [socket => socket.destroy(), /Cannot reach mssql:\/\/127\.0\.0\.1:\d+\/db: \S/],
};
for (const [title, [onSocket, says]] of Object.entries(MUTE)) {
  for (const encrypt of ['true', 'strict', 'false']) {
    test(`a server ${title} is unreachable (encrypt=${encrypt})`, async t => {
      t.timeout(5_000); // far from the 15 s that it has without the option
      await using server = await listen(onSocket);
      const url = `mssql://app:S3cret!@127.0.0.1:${server.port}/db?encrypt=${encrypt}`;
      const error = await t.throwsAsync(openMssql(url, { connectTimeoutMs: 300 }), {
        instanceOf: DatabaseError,
        code: 'DATABASE_UNREACHABLE',
        message: says,
      });
      t.is(error.errorClass, 'transient');
      t.regex(error.message, /Check host, port and firewall/);
      t.false(inspect(error, { depth: 8 }).includes('S3cret'), 'neither the message nor a cause has the password');
    });
  }
}

test('sqlServer.connectTimeoutSeconds ends a connection that is never made, above what the connection string says', async t => {
  const { sqlServer } = await loadSettings({
    env: { CARDGENIUS_SQL_SERVER_CONNECT_TIMEOUT_SECONDS: '1' },
    cwd: import.meta.dirname,
  });
  await using server = await listen(socket => socket.resume());
  const address = `Server=127.0.0.1,${server.port};Database=db;User Id=app;Password=x;Connect Timeout=300;Encrypt=false`;
  await t.throwsAsync(openMssql(address, { pools: sqlServer }), {
    code: 'DATABASE_UNREACHABLE',
    message: /Failed to connect to 127\.0\.0\.1:\d+ in 1000ms/,
  });
});

test('a server that recovers refuses by 4060 and then 18456: the database is named, and not the password', async t => {
  await using server = await listen(socket => refuseLogin(socket, [4060, 18456]));
  const url = `mssql://someone:secret@127.0.0.1:${server.port}/cashkaro?encrypt=false`;
  const error = await t.throwsAsync(openMssql(url), { instanceOf: DatabaseError });
  t.is(error.code, 'DATABASE_UNKNOWN');
  t.regex(error.message, /There is no database cashkaro/);
});

/** Enough of TDS to answer a client's PRELOGIN, and its login with errors. */
function refuseLogin(socket: Socket, numbers: readonly number[]): void {
  const reply = (payload: Buffer) => {
    const header = Buffer.from([0x04, 0x01, 0, 0, 0, 0, 1, 0]);
    header.writeUInt16BE(header.length + payload.length, 2);
    socket.write(Buffer.concat([header, payload]));
  };
  const errorToken = (number: number) => {
    const text = Buffer.from(`error ${number}`, 'utf16le');
    const token = Buffer.alloc(3 + 6 + 2 + text.length + 1 + 1 + 4);
    token.writeUInt8(0xaa, 0);
    token.writeUInt16LE(token.length - 3, 1);
    token.writeInt32LE(number, 3);
    token.writeUInt8(1, 7); // state
    token.writeUInt8(14, 8); // class
    token.writeUInt16LE(text.length / 2, 9);
    text.copy(token, 11);
    return token; // no server, no procedure, line 0
  };
  socket.on('error', () => {});
  socket.on('data', packet => {
    // PRELOGIN: version and encryption (2: not supported), each as token, offset, length.
    if (packet[0] === 0x12) return reply(Buffer.from([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 16, 0, 0, 0, 0, 0, 2]));
    const done = Buffer.from([0xfd, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    reply(Buffer.concat([...numbers.map(errorToken), done]));
    socket.end();
  });
}
