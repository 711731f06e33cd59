import { type Driver, type Lane, under, type Wire } from '../driver.ts';
import type { Pool } from './pools.ts';
import {
  bulkLoad,
  failureRows,
  recommendationRows,
  STAGED_OUTCOME,
  STAGED_RECOMMENDATION,
  STAGED_SPENDING,
  spendingRows,
  toSpendingSlice,
} from './staging.ts';

/** SQL Server: procedures of sql/mssql by EXEC, bulk loads by INSERT BULK, over a pool for each lane. */
export function mssqlDriver(pools: Readonly<Record<Lane, Pool>>, close: () => Promise<void>): Driver {
  const { control, work } = pools;
  return {
    dialect: 'mssql',
    description: control.description,
    get wire(): Wire {
      return work.wire;
    },
    call: (procedure, parameters, lane = 'work') => pools[lane].call(procedure, parameters),
    readChunk: async lease => toSpendingSlice(await work.callForArrays('read_chunk', under(lease))),

    async stage(loadNo, slices) {
      await work.withConnection(STAGED_RECOMMENDATION.name, connection =>
        bulkLoad(connection, STAGED_RECOMMENDATION, recommendationRows(loadNo, slices)),
      );
      if (slices.every(({ failures }) => failures.length === 0)) return;
      await work.withConnection(STAGED_OUTCOME.name, connection =>
        bulkLoad(connection, STAGED_OUTCOME, failureRows(loadNo, slices)),
      );
    },

    async stageSpending(loadNo, rows) {
      await work.withConnection(STAGED_SPENDING.name, connection =>
        bulkLoad(connection, STAGED_SPENDING, spendingRows(loadNo, rows)),
      );
    },

    ask: (text, parameters, source) => work.ask(text, parameters, source),
    usage: () => [control.usage('control'), work.usage('work')],
    close,
  };
}
