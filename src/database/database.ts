import { type AuditDatabase, auditOperations } from './audit.ts';
import { type BatchDatabase, batchOperations } from './batch.ts';
import { type CoordinationDatabase, coordinationOperations } from './coordination.ts';
import type { Driver, PoolUsage } from './driver.ts';
import { type ExchangeDatabase, exchangeOperations } from './exchange.ts';
import { type HistoryDatabase, historyOperations } from './history.ts';
import { type MaintenanceDatabase, maintenanceOperations } from './maintenance.ts';
import type { MigrationTarget } from './migrate/target.ts';

/** What a run and the exchange of files need, and the database's end. */
export interface Database extends BatchDatabase, ExchangeDatabase, AsyncDisposable {
  /** For logs and messages: the kind of database and its address; never a secret. */
  readonly description: string;
  close(): Promise<void>;
}

/** The port: each operation of a database, by the part of the program that needs it. `driver.ts` explains the protocol. */
export interface Operations {
  readonly database: Database;
  readonly audit: AuditDatabase;
  readonly history: HistoryDatabase;
  readonly coordination: CoordinationDatabase;
  readonly maintenance: MaintenanceDatabase;
  /** The pools of connections, as they are now. */
  readonly pools: () => readonly PoolUsage[];
}

/** A database that was opened: its operations, and what the migrator sees of it. */
export interface OpenedEngine extends Operations {
  readonly target: MigrationTarget;
  /** Of an embedded engine: answers other processes from here on, once its schema is whole. */
  readonly admitOthers?: () => void;
}

/** All operations on one driver; closing the database closes it. */
export function operationsOf(driver: Driver): Operations {
  const close = () => driver.close();
  return {
    database: {
      ...batchOperations(driver),
      ...exchangeOperations(driver),
      description: driver.description,
      close,
      [Symbol.asyncDispose]: close,
    },
    audit: auditOperations(driver),
    history: historyOperations(driver),
    coordination: coordinationOperations(driver),
    maintenance: maintenanceOperations(driver),
    pools: () => driver.usage(),
  };
}
