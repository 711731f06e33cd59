import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Session } from '../contract/context.ts';
import { hasDocker } from './sql-server.ts';

/** Where a PostgreSQL server is on which tests may create databases; without one, a container where Docker answers. */
const GIVEN_URL = process.env.CARDGENIUS_TEST_POSTGRES_URL;
/** CARDGENIUS_TEST_POSTGRES_IMAGE overrides it. */
const IMAGE = 'postgres:17-alpine';

export const hasPostgresServer = (): boolean => Boolean(GIVEN_URL) || hasDocker();
export const NO_POSTGRES =
  'NOT TESTED: POSTGRESQL SERVER. Name one in CARDGENIUS_TEST_POSTGRES_URL (postgres://user@host:port/postgres), as .ci/run does, or start Docker.';

let server: Promise<string> | undefined;

/** The URL of the server: given, or of the container that this process starts once and testcontainers' reaper ends with it. */
function urlOfServer(): Promise<string> {
  server ??= GIVEN_URL ? Promise.resolve(GIVEN_URL) : startContainer();
  return server;
}

async function startContainer(): Promise<string> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const password = randomBytes(12).toString('hex');
  const container = await new GenericContainer(process.env.CARDGENIUS_TEST_POSTGRES_IMAGE ?? IMAGE)
    .withEnvironment({ POSTGRES_USER: 'dba', POSTGRES_PASSWORD: password })
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2)) // once while it initialises
    .start();
  return `postgres://dba:${password}@${container.getHost()}:${container.getMappedPort(5432)}/postgres`;
}

export interface ServerDatabase extends AsyncDisposable {
  readonly url: string;
  readonly name: string;
  execute(sql: string): Promise<void>;
  query(sql: string): Promise<Record<string, unknown>[]>;
  openSession(): Promise<Session>;
}

/** A database of its own on the server, dropped at the end with the sessions that are still connected. */
export async function createServerDatabase(): Promise<ServerDatabase> {
  const name = `cardgenius_test_${randomBytes(5).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name}`);
  const url = new URL(await urlOfServer());
  url.pathname = `/${name}`;
  const own = new pg.Client({ connectionString: url.href });
  own.on('error', () => {}); // dropped with its database, or killed with its server
  await own.connect();
  return {
    url: url.href,
    name,
    execute: async sql => void (await own.query(sql)),
    query: async sql => (await own.query(sql)).rows,
    openSession: () => openSession(url.href, own),
    [Symbol.asyncDispose]: async () => {
      await own.end().catch(() => {});
      await onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** On a connection for it alone: a test may kill the server meanwhile. */
async function onServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: await urlOfServer() });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

/** `watcher` looks who waits, because a session in a transaction sees what it saw at first. */
async function openSession(connectionString: string, watcher: pg.Client): Promise<Session> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const waiting = `SELECT COUNT(*) AS number FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  const waiters = async () => Number((await watcher.query(waiting)).rows[0]!.number);
  return {
    execute: async sql => void (await client.query(sql)),
    isWaitedFor: async () => {
      while ((await waiters()) === 0);
    },
    waiters,
    [Symbol.asyncDispose]: () => client.end(),
  };
}
