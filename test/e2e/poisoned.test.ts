import { join } from 'node:path';
import test from 'ava';
import { openDatabase } from '../../src/database/open-database.ts';
import { Pglite } from '../../src/database/postgres/pglite.ts';
import { listFailures } from '../../src/exchange/failures.ts';
import { seedSpending } from '../../src/exchange/seed-spending.ts';
import { SPENDING_COLUMNS } from '../../src/model/spending.ts';
import { cardgenius, newPlace } from './cli.ts';

/** CARDGENIUS_POISON_USERS=100000 makes it as large as it is meant, with one poisoned user in a hundred: more of so many would shut a gate. */
const USERS = Number(process.env.CARDGENIUS_POISON_USERS ?? 200);
const POISONED = USERS / (USERS < 1_000 ? 10 : 100);

/** Twenty ways in which a row that came past `import` can be bad, and what its user is told. */
const POISONS: readonly { sql: string; error: RegExp }[] = [
  ...SPENDING_COLUMNS.map(column => ({
    sql: `${column} = -1`,
    error: new RegExp(`^INVALID_SPENDING: ${column} is negative`),
  })),
  ...SPENDING_COLUMNS.map(column => ({
    sql: `${column} = 10000000.01`,
    error: new RegExp(`^INVALID_SPENDING: ${column} .*limit`),
  })),
  ...SPENDING_COLUMNS.map(column => ({
    sql: `${column} = 'NaN'`,
    error: new RegExp(`^INVALID_SPENDING: ${column} is not a number`),
  })),
  { sql: 'avg_amazon_gmv = -0.01, avg_confirmed_gmv = -0.01', error: /^INVALID_SPENDING: avg_amazon_gmv is negative/ },
  { sql: 'avg_myntra_gmv = 4242.42', error: /^REFUSED_BY_DATABASE: no cards on a 4242 day/ }, // a trigger of CashKaro's own
];

test('poisoned users of twenty kinds among good ones: they fail alone, each with its reason', async t => {
  t.timeout(USERS > 10_000 ? 1_500_000 : 600_000);
  const { cwd } = await newPlace();
  const url = `pglite:${join(cwd, 'db')}`;
  {
    await using opened = await openDatabase(url);
    await seedSpending(opened.database, USERS, 1);
  }
  const pglite = new Pglite(join(cwd, 'db'));
  const every = USERS / POISONED;
  const statements = POISONS.map(({ sql }, kind) => ({
    sql: `UPDATE user_spending_data SET ${sql}
          WHERE MOD(SUBSTR(user_id, 3)::INT, ${every}) = 0 AND MOD(SUBSTR(user_id, 3)::INT / ${every}, ${POISONS.length}) = ${kind}`,
  }));
  const trigger = `
    CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT FROM user_spending_data AS u WHERE u.user_id = NEW.user_id AND u.avg_myntra_gmv = 4242.42) THEN
        RAISE EXCEPTION 'no cards on a 4242 day';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON card_recommendations FOR EACH ROW EXECUTE FUNCTION refuse();`;
  await pglite.transaction([...statements, { sql: trigger }]);
  await pglite.close();

  const { code, stdout, stderr } = await cardgenius(['run', '--json'], { cwd, database: url });
  t.is(code, 3, stderr); // more than one in a thousand
  t.like(JSON.parse(stdout), { state: 'done', users: USERS, completed: USERS - POISONED, failed: POISONED });

  await using opened = await openDatabase(url);
  const groups = await listFailures(opened.audit);
  t.is(
    groups.reduce((sum, { users }) => sum + users, 0),
    POISONED,
  );
  for (const failure of await opened.audit.listFailures(null, POISONED)) {
    const kind = (Number(failure.userId.slice(2)) / every) % POISONS.length;
    t.regex(failure.error, POISONS[kind]!.error, failure.userId);
  }
  const faults = (await opened.audit.verifyDatabase()).checks.filter(({ violations }) => violations > 0);
  t.deepEqual(faults, []);
  t.log(`${USERS} users, ${POISONED} poisoned of ${POISONS.length} kinds: ${JSON.parse(stdout).completed} completed`);
});
