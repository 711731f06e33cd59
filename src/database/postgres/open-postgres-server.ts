import { hostname } from 'node:os';
import { type OpenedEngine, operationsOf } from '../database.ts';
import { DEFAULT_POOLS, type PoolSettings } from '../pool-settings.ts';
import { postgresDriver } from './postgres-driver.ts';
import { PostgresMigrationTarget } from './postgres-migration-target.ts';
import { Server } from './postgres-server.ts';
import { parseAddress } from './server-address.ts';

export interface ServerOptions {
  readonly password?: string | undefined;
  readonly pools?: PoolSettings | undefined;
  /** In place of the database that the URL names. */
  readonly databaseName?: string | undefined;
}

/**
 * Opens a database of a PostgreSQL server. Leases are left alone: other processors hold them, and those of a dead one run out by
 * themselves. Throws UsageError (DATABASE_URL), or DatabaseError with the reason and the remedy.
 */
export async function openServer(url: string, options: ServerOptions = {}): Promise<OpenedEngine> {
  const address = parseAddress(url, options.password, options.databaseName);
  const server = new Server(address, options.pools ?? DEFAULT_POOLS, `cardgenius/${hostname()}:${process.pid}`);
  try {
    await server.connect();
  } catch (error) {
    await server.close();
    throw error;
  }
  const driver = postgresDriver(server, { description: address.description, wire: address.wire });
  return { ...operationsOf(driver), target: new PostgresMigrationTarget(server, () => server.lockMigrations()) };
}
