/** Tables that CashKaro made in each way that is known: a whole run, a second week and a failed user on each. */
import test from 'ava';
import { FIFTEEN, VARIANTS } from '../support/contract-tables.ts';
import { foreignTablesContract } from './columns.ts';
import { reset } from './context.ts';
import { openPostgres } from './postgres.ts';

for (const [variant, tables] of Object.entries(VARIANTS)) {
  if (tables === FIFTEEN) continue; // postgres-fifteen.test.ts has the whole contract on these
  test.serial(`tables with ${variant}`, async t => {
    const engine = await openPostgres(tables);
    t.teardown(() => engine.database.close());
    for (const [title, body] of Object.entries(foreignTablesContract)) {
      await reset(engine);
      t.log(title);
      await body(t, engine);
    }
  });
}
