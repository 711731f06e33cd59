import type { Connection } from 'tedious';
import { DatabaseError } from '../../model/errors.ts';
import { type Driver, type Lane, leaseParameters, type OnLoad, type Parameter, type Wire } from '../driver.ts';
import { readQuery } from '../migrate/sql-files.ts';
import {
  bulkLoad,
  failureRows,
  recommendationRows,
  runBatch,
  STAGED_OUTCOME,
  STAGED_RECOMMENDATION,
  STAGED_SPENDING,
  spendingRows,
  toSpendingSlice,
} from './mssql-staging.ts';
import type { Pool } from './pools.ts';

const CREATE_STAGING = await readQuery('mssql', 'create_staging');
const DROP_STAGING = await readQuery('mssql', 'drop_staging');

/**
 * SQL Server: procedures of sql/mssql by EXEC, bulk loads by INSERT BULK, over a pool for each lane.
 *
 * A load is staged in temporary tables, which its own session alone sees (docs/decisions/0014). So each load keeps a connection of
 * the work pool from its bulk load until it ends. Where that connection is lost its rows are lost with it: publish then meets
 * error 208, which is STAGING_INCOMPLETE, and the chunk is loaded anew under another number.
 */
export function mssqlDriver(pools: Readonly<Record<Lane, Pool>>, close: () => Promise<void>): Driver {
  const { control, work } = pools;
  const loads = new Map<number, Connection>();
  return {
    dialect: 'mssql',
    description: control.description,
    get wire(): Wire {
      return work.wire;
    },
    async call<Row>(procedure: string, parameters: readonly Parameter[], on: Lane | OnLoad = 'work'): Promise<Row[]> {
      if (typeof on === 'string') return pools[on].call<Row>(procedure, parameters);
      const connection = loads.get(on.loadNo);
      try {
        return await work.call<Row>(procedure, parameters, connection);
      } catch (error) {
        // Asked again, the call goes through another connection: done before it is answered, else the chunk is loaded anew.
        if (connection !== undefined && isLost(error)) {
          loads.delete(on.loadNo);
          work.discard(connection);
        }
        throw error;
      }
    },
    readChunk: async lease => toSpendingSlice(await work.callForArrays('read_chunk', leaseParameters(lease))),

    async stage(loadNo, slices) {
      const connection = await work.borrow(STAGED_RECOMMENDATION.name);
      try {
        await runBatch(connection, CREATE_STAGING);
        await bulkLoad(connection, STAGED_RECOMMENDATION, recommendationRows(slices));
        if (slices.some(({ failures }) => failures.length > 0)) {
          await bulkLoad(connection, STAGED_OUTCOME, failureRows(slices));
        }
      } catch (error) {
        work.discard(connection); // half a load may still be on its way
        throw work.toError(error, STAGED_RECOMMENDATION.name);
      }
      loads.set(loadNo, connection);
    },

    async endLoad(loadNo) {
      const connection = loads.get(loadNo);
      if (connection === undefined) return;
      loads.delete(loadNo);
      await runBatch(connection, DROP_STAGING).then(
        () => work.giveBack(connection),
        () => work.discard(connection),
      );
    },

    async stageSpending(loadNo, rows) {
      await work.withConnection(STAGED_SPENDING.name, connection =>
        bulkLoad(connection, STAGED_SPENDING, spendingRows(loadNo, rows)),
      );
    },

    ask: (text, parameters, source) => work.ask(text, parameters, source),
    usage: () => [control.usage('control'), work.usage('work')],
    async close() {
      for (const connection of loads.values()) work.discard(connection);
      loads.clear();
      await close();
    },
  };
}

/** The connection may be gone, and its temporary tables with it. */
const isLost = (error: unknown) => error instanceof DatabaseError && error.errorClass === 'ambiguous';
