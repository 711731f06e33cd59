import { hostname } from 'node:os';
import { type OpenedEngine, operationsOf } from '../database.ts';
import { LoginGuard } from '../login-guard.ts';
import { DEFAULT_POOLS, type PoolSettings } from '../pool-settings.ts';
import { parseConnection } from './connection-settings.ts';
import { mssqlDriver } from './mssql-driver.ts';
import { MssqlMigrationTarget } from './mssql-migration-target.ts';
import { Pool } from './pools.ts';

export interface MssqlOptions {
  readonly password?: string | undefined;
  readonly pools?: PoolSettings | undefined;
  /** How long a connection may take to be made; 15 s unless it is given. */
  readonly connectTimeoutMs?: number | undefined;
  /** In place of the database that the URL names. */
  readonly databaseName?: string | undefined;
}

/**
 * Opens a SQL Server database: a pool for what must be quick, one for what may take minutes, and a connection for migrations
 * that is only made when one is wanted. Throws UsageError (DATABASE_URL), or DatabaseError with the reason and the remedy.
 */
export async function openMssql(url: string, options: MssqlOptions = {}): Promise<OpenedEngine> {
  const named = parseConnection(url, options.password);
  const settings = { ...named, database: options.databaseName ?? named.database };
  const { controlConnections, workConnections, controlTimeoutSeconds, workTimeoutSeconds } =
    options.pools ?? DEFAULT_POOLS;
  const { minConnections, connectTimeoutSeconds } = options.pools ?? DEFAULT_POOLS;
  const connectTimeoutMs =
    options.connectTimeoutMs ?? (connectTimeoutSeconds === undefined ? undefined : connectTimeoutSeconds * 1000);
  const appName = `cardgenius/${hostname()}:${process.pid}`.slice(0, 128);

  const guard = new LoginGuard();
  const open = (size: number, timeoutSeconds: number, least = 0) =>
    new Pool(settings, { size, timeoutSeconds, appName, guard, connectTimeoutMs, least });
  const control = open(controlConnections, controlTimeoutSeconds, minConnections);
  const work = open(workConnections, workTimeoutSeconds, minConnections);
  const migrations = open(1, workTimeoutSeconds);
  const close = async () => {
    await Promise.allSettled([control.close(), work.close(), migrations.close()]);
  };
  try {
    await control.connect();
    await Promise.all([work.connect(), migrations.connect()]);
  } catch (error) {
    await close();
    throw error;
  }
  return { ...operationsOf(mssqlDriver({ control, work }, close)), target: new MssqlMigrationTarget(migrations) };
}
