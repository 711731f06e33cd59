/** Tables that CashKaro made in each way that is known: a whole run, a second week and a failed user on each. */
import test from 'ava';
import { VARIANTS } from '../support/contract-tables.ts';
import { createDatabase, hasSqlServer, NO_SERVER, startSqlServer } from '../support/sql-server.ts';
import { foreignTablesContract } from './columns.ts';
import { reset } from './context.ts';
import { openMssql } from './mssql.ts';

if (hasSqlServer()) {
  for (const [variant, tables] of Object.entries(VARIANTS)) {
    test.serial(`tables with ${variant}`, async t => {
      t.timeout(600_000);
      await using server = await startSqlServer();
      await using place = await createDatabase(server);
      await using engine = await openMssql(place, tables);
      for (const [title, body] of Object.entries(foreignTablesContract)) {
        await reset(engine);
        t.log(title);
        await body(t, engine);
      }
    });
  }
} else {
  console.error(`\n${NO_SERVER}\n`);
  test.skip('tables that CashKaro made, on SQL Server', () => {});
}
