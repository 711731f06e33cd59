import { join } from 'node:path';
import test from 'ava';
import { isLoopback } from '../../src/model/loopback.ts';
import { cardgenius, newFolder } from '../e2e/cli.ts';
import { createDatabase, hasSqlServer, NO_SERVER, startSqlServer } from '../support/sql-server.ts';

/** The PRD's columns and no other; not our names for the keys, and a collation that is not the database's. */
const MONEY = (names: string, nulls: string) =>
  names
    .split(' ')
    .map(name => `${name} DECIMAL(12,2) ${nulls}`)
    .join(', ');
const tables = (collation: string) => [
  `CREATE TABLE dbo.user_spending_data (user_id VARCHAR(50) COLLATE ${collation} NOT NULL PRIMARY KEY,
     ${MONEY('avg_amazon_gmv avg_flipkart_gmv avg_myntra_gmv avg_ajio_gmv avg_grocery_gmv avg_confirmed_gmv', 'NULL')},
     processing_status VARCHAR(20) COLLATE ${collation} NOT NULL DEFAULT 'new')`,
  `CREATE TABLE dbo.card_recommendations (user_id VARCHAR(50) COLLATE ${collation} NOT NULL, rank INT NOT NULL,
     card_name VARCHAR(255) COLLATE ${collation} NOT NULL,
     ${MONEY('total_savings_yearly joining_fees total_extra_benefits net_savings', 'NOT NULL')},
     ${MONEY('amazon_points flipkart_points myntra_points ajio_points grocery_points other_online_points', 'NOT NULL')},
     redemption_method VARCHAR(50) COLLATE ${collation} NOT NULL, redemption_rate DECIMAL(5,4) NOT NULL, PRIMARY KEY (user_id, rank))`,
];

if (hasSqlServer()) {
  for (const collation of ['SQL_Latin1_General_CP1_CS_AS', 'Latin1_General_CI_AI']) {
    test.serial(`tables that another program made, in ${collation}: everything works`, async t => {
      t.timeout(600_000);
      await using server = await startSqlServer();
      await using place = await createDatabase(server);
      for (const table of tables(collation)) await place.execute(table);
      await place.execute(`INSERT INTO dbo.user_spending_data (user_id, avg_amazon_gmv, avg_confirmed_gmv)
                           VALUES ('CK1', 5000, 9000), ('ck9', 100, 100), ('CK2', NULL, NULL)`);
      const cwd = await newFolder();
      const command = async (...args: string[]) => {
        const result = await cardgenius(args, { cwd, database: place.url });
        t.is(result.code, 0, `${args[0]}: ${result.stderr}${result.stdout}`);
        return result.stdout;
      };
      await command('migrate');
      await command('migrate', '--verify');
      await command('seed', '--users', '200', '--yes-invent-users-here');
      t.like(JSON.parse(await command('run', '--json')), { completed: 203, failed: 0 });
      await command('status');
      await command('recommend', 'CK1');
      await command('export', join(cwd, 'out.csv'));
      await place.execute("DELETE FROM dbo.user_spending_data WHERE user_id = 'ck9'");
      t.like(JSON.parse(await command('prune', '--keep', '90d', '--orphans', '--json')), {
        orphans: 1,
        orphanRows: 10,
      });
      const looked = await cardgenius(['doctor', '--role', 'processor', '--json'], { cwd, database: place.url });
      const { findings } = JSON.parse(looked.stdout) as { findings: { state: string; check: string }[] };
      const { hostname, searchParams } = new URL(place.url);
      const isPlainWire = searchParams.get('encrypt') === 'false' && !isLoopback(hostname);
      t.deepEqual(
        findings.filter(({ state }) => state === 'fail').map(({ check }) => check),
        isPlainWire ? ['TLS'] : [],
      );
    });
  }
} else {
  console.error(`\n${NO_SERVER}\n`);
  test.skip('tables that another program made', () => {});
}
