/**
 * A SQL Server to test on: the one that CARDGENIUS_TEST_MSSQL_URL names; else one that the executable named by
 * CARDGENIUS_TEST_MSSQL_COMMAND starts (`start` prints its URL as the last line, `stop` ends it); else a container where Docker
 * answers. Where there is none, tests say so in one loud line and are skipped; nothing is ever faked.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import sql from 'mssql';
import type { Session } from '../contract/context.ts';

/** A pinned cumulative update; CARDGENIUS_TEST_MSSQL_IMAGE overrides it. */
const IMAGE = 'mcr.microsoft.com/mssql/server:2022-CU18-ubuntu-22.04';

export const NO_SERVER =
  'NO SQL SERVER: set CARDGENIUS_TEST_MSSQL_URL=mssql://user:password@host:1433/master?trustServerCertificate=true or CARDGENIUS_TEST_MSSQL_COMMAND, or start Docker. SQL SERVER TESTS ARE SKIPPED.';

export interface SqlServer extends AsyncDisposable {
  /** A login that may create databases. */
  readonly url: URL;
}

/** Whether the tests can have a server at all, known before any of them is registered. */
export function hasSqlServer(): boolean {
  const { CARDGENIUS_TEST_MSSQL_URL: url, CARDGENIUS_TEST_MSSQL_COMMAND: command } = process.env;
  return Boolean(url) || Boolean(command) || hasDocker();
}

/** Whether Docker answers; testcontainers finds it afterwards. */
export function hasDocker(): boolean {
  try {
    docker('info', '--format', '{{.ServerVersion}}');
    // the command line follows Docker contexts (Colima, OrbStack, Docker Desktop); testcontainers does not
    process.env.DOCKER_HOST ||= docker('context', 'inspect', '--format', '{{.Endpoints.docker.Host}}');
    return true;
  } catch {
    return false;
  }
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: 'pipe', timeout: 10_000 }).trim();
}

export async function startSqlServer(): Promise<SqlServer> {
  const given = process.env.CARDGENIUS_TEST_MSSQL_URL;
  if (given) return { url: new URL(given), [Symbol.asyncDispose]: async () => {} };

  const command = process.env.CARDGENIUS_TEST_MSSQL_COMMAND;
  if (command) return startedBy(command);

  const { MSSQLServerContainer } = await import('@testcontainers/mssqlserver');
  const image = process.env.CARDGENIUS_TEST_MSSQL_IMAGE ?? IMAGE;
  const password = `Cg1!${randomBytes(12).toString('hex')}`;
  const container = await new MSSQLServerContainer(image).acceptLicense().withPassword(password).start();
  const url = new URL('mssql://host/master?trustServerCertificate=true');
  url.hostname = container.getHost();
  url.port = String(container.getPort());
  url.username = process.env.CARDGENIUS_TEST_MSSQL_USER ?? 'sa';
  url.password = password;
  return { url, [Symbol.asyncDispose]: async () => void (await container.stop()) };
}

/** Test files run side by side and share the server: `start` also answers for one that runs. `.ci/run` calls `stop` at the end. */
function startedBy(command: string): SqlServer {
  const said = execFileSync(command, ['start'], { encoding: 'utf8', timeout: 300_000 }).trim();
  const url = new URL(said.split('\n').at(-1)!);
  return { url, [Symbol.asyncDispose]: async () => {} };
}

/** A database of its own, and what a DBA can do there. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  execute(text: string): Promise<void>;
  query(text: string): Promise<Record<string, unknown>[]>;
  openSession(): Promise<Session>;
}

/** Creates an empty database; it is dropped when disposed of. */
export async function createDatabase(server: SqlServer): Promise<TestDatabase> {
  const name = `cardgenius_test_${randomBytes(5).toString('hex')}`;
  const master = await connect(server.url);
  await create(master, name);

  const url = new URL(server.url);
  url.pathname = `/${name}`;
  const pool = await connect(url);
  return {
    url: url.href,
    execute: async text => void (await pool.request().batch(text)),
    query: async text => (await pool.request().batch(text)).recordset,
    openSession: () => openSession(url, pool),
    [Symbol.asyncDispose]: async () => {
      await pool.close();
      await drop(master, name);
      await master.close();
    },
  };
}

/** One connection; `watcher` looks who waits: by SQL Server's view, or by that of the stand-in, which has no other. */
async function openSession(url: URL, watcher: sql.ConnectionPool): Promise<Session> {
  const own = await connect(url, { max: 1, min: 1 });
  const [{ version }] = (await watcher.request().query("SELECT SERVERPROPERTY('BabelfishVersion') AS version"))
    .recordset;
  const waiting =
    version === null
      ? 'SELECT COUNT(*) AS number FROM sys.dm_exec_requests WHERE blocking_session_id <> 0 AND database_id = DB_ID()'
      : "SELECT COUNT(*) AS number FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
  const waiters = async () => Number((await watcher.request().batch(waiting)).recordset[0].number);
  return {
    execute: async text => void (await own.request().batch(text)),
    isWaitedFor: async () => {
      while ((await waiters()) === 0);
    },
    waiters,
    [Symbol.asyncDispose]: () => own.close(),
  };
}

/** A stand-in may refuse two at once: asked again, a little later. */
async function create(master: sql.ConnectionPool, name: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await master.request().batch(`CREATE DATABASE ${name}`);
      return;
    } catch (error) {
      if (attempt === 50 || !/concurrently/.test(String(error))) throw error;
      await setTimeout(100);
    }
  }
}

/** Whether a stand-in answers, which does not have all that SQL Server has: a test then says what it leaves out. */
export async function isStandIn(place: TestDatabase): Promise<boolean> {
  const [row] = await place.query("SELECT CONVERT(VARCHAR(50), SERVERPROPERTY('BabelfishVersion')) AS version");
  return (row?.version ?? null) !== null;
}

/** Sessions that have just been closed may still be on their way out: asked again until they are. */
async function drop(master: sql.ConnectionPool, name: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await master
        .request()
        .batch(`ALTER DATABASE ${name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE`)
        .catch(() => {}); // an engine that has no such statement has no such need
      await master.request().batch(`DROP DATABASE ${name}`);
      return;
    } catch (error) {
      if (attempt === 50) throw error;
      await setTimeout(100);
    }
  }
}

export function connect(url: URL, size?: { max: number; min: number }): Promise<sql.ConnectionPool> {
  return new sql.ConnectionPool({
    ...(size === undefined ? {} : { pool: size }),
    server: url.hostname,
    port: Number(url.port || 1433),
    database: url.pathname.slice(1),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    requestTimeout: 120_000,
    options: {
      encrypt: url.searchParams.get('encrypt') !== 'false',
      trustServerCertificate: url.searchParams.get('trustServerCertificate') === 'true',
    },
  }).connect();
}
