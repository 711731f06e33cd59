import { hostname } from 'node:os';
import type { PoolUsage } from '../database.ts';
import { MssqlAudit } from './audit.ts';
import { parseConnection } from './connection-settings.ts';
import { MssqlHistory } from './history.ts';
import { MssqlMaintenance } from './maintenance.ts';
import { MssqlMigrationTarget } from './migration-target.ts';
import { MssqlDatabase } from './mssql-database.ts';
import { MssqlService } from './mssql-service.ts';
import { DEFAULT_POOLS, Pool, type PoolSettings } from './pools.ts';

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
export async function openMssql(
  url: string,
  options: MssqlOptions = {},
): Promise<{
  database: MssqlDatabase;
  audit: MssqlAudit;
  history: MssqlHistory;
  maintenance: MssqlMaintenance;
  service: MssqlService;
  target: MssqlMigrationTarget;
  pools: () => readonly PoolUsage[];
}> {
  const named = parseConnection(url, options.password);
  const settings = { ...named, database: options.databaseName ?? named.database };
  const { controlConnections, workConnections, controlTimeoutSeconds, workTimeoutSeconds } =
    options.pools ?? DEFAULT_POOLS;
  const appName = `cardgenius/${hostname()}:${process.pid}`.slice(0, 128);

  const open = (size: number, timeoutSeconds: number) =>
    new Pool(settings, { size, timeoutSeconds, appName, connectTimeoutMs: options.connectTimeoutMs });
  const control = open(controlConnections, controlTimeoutSeconds);
  const work = open(workConnections, workTimeoutSeconds);
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
  return {
    database: new MssqlDatabase({ control, work }, close),
    audit: new MssqlAudit(work),
    history: new MssqlHistory(work),
    maintenance: new MssqlMaintenance(work),
    service: new MssqlService({ control, work }),
    target: new MssqlMigrationTarget(migrations),
    pools: () => [control.usage('control'), work.usage('work')],
  };
}
