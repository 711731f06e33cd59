/** The servers on which a test runs that knows no dialect: it writes no schema before a table, and skips loudly where a server is missing. */
import test from 'ava';
import { createServerDatabase, hasPostgresServer, NO_POSTGRES } from './postgres-server.ts';
import { createDatabase, hasSqlServer, NO_SERVER, startSqlServer, type TestDatabase } from './sql-server.ts';

export type Place = Pick<TestDatabase, 'url' | 'execute' | 'query'> & AsyncDisposable;

interface TestServer {
  readonly name: string;
  readonly port: number;
  create(): Promise<Place>;
}

async function createOnSqlServer(): Promise<Place> {
  const server = await startSqlServer();
  const { url, execute, query, ...place } = await createDatabase(server);
  return {
    url,
    execute,
    query,
    [Symbol.asyncDispose]: async () => {
      await place[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Registers a test once for each server that is there. */
export function onServers(register: (server: TestServer) => void): void {
  if (hasSqlServer()) register({ name: 'SQL Server', port: 1433, create: createOnSqlServer });
  else missing(NO_SERVER);
  if (hasPostgresServer()) register({ name: 'PostgreSQL', port: 5432, create: createServerDatabase });
  else missing(NO_POSTGRES);
}

function missing(what: string): void {
  console.error(`\n${what}\n`);
  test.skip(what, () => {});
}
