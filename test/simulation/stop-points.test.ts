import test from 'ava';
import { readSqlFiles } from '../../src/database/migrate/sql-files.ts';
import { createWorld, GOOD, tellAll } from './stories.ts';

test.serial(
  'stopped at every await of the pipeline, with another taking over: no user is lost or counted twice',
  async t => {
    t.timeout(600_000);
    const world = await createWorld();
    const { told, faults } = await tellAll(t, world);
    t.deepEqual(faults, []);
    t.true(told > 30, `${told} stories`);
    await world.database.close();
  },
);

test.serial('with the fence broken by one line, the simulation fails', async t => {
  t.timeout(600_000);
  const world = await createWorld();
  const publish = (await readSqlFiles('postgres')).find(({ name }) => name === 'object:publish_chunk')!;
  const fence = ' AND c.lease_token = p_token';
  t.true(publish.text.includes(fence));
  await world.pglite.transaction([{ sql: publish.text.replaceAll(fence, '') }]);
  const { faults } = await tellAll(t, world, GOOD, true);
  t.true(faults.length > 0);
  t.log(faults[0]!);
  await world.database.close();
});
