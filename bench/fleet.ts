/**
 * Do three instances of `serve` fire each slot once, whatever happens to them? One is killed (SIGKILL) and one frozen for longer
 * than its lease and past a slot (SIGSTOP, SIGCONT), each while it leads. Needs CARDGENIUS_TEST_MSSQL_URL; takes two to three
 * minutes, and with slots a minute apart (--every 60 --fires 10) eleven.
 *
 *   node bench/fleet.ts [--fires 12] [--every 10]
 */
import { spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { migrate } from '../src/database/migrate/migrate.ts';
import { openDatabase } from '../src/database/open-database.ts';
import { createDatabase, startSqlServer } from '../test/support/sql-server.ts';

const { values } = parseArgs({ options: { fires: { type: 'string' }, every: { type: 'string' } } });
const fires = Number(values.fires ?? 12);
const every = Number(values.every ?? 10);
const MAIN = join(import.meta.dirname, '../src/cli/main.ts');

await using server = await startSqlServer();
await using place = await createDatabase(server);
const opened = await openDatabase(place.url, { checkSchema: false });
await migrate(opened.target);

const cwd = await mkdtemp(join(tmpdir(), 'cardgenius-fleet-'));
const cron = every === 60 ? '* * * * *' : `*/${every} * * * * *`;
const schedules = `[{ name: 'fleet', cron: '${cron}' }]`;
await writeFile(
  join(cwd, 'cron.config.ts'),
  `export default { leaseSeconds: 10, workers: 1, chunkSize: 100, schedules: ${schedules} };\n`,
);
const env = { ...process.env, CARDGENIUS_DATABASE_URL: place.url };
const start = () => spawn(process.execPath, [MAIN, 'serve'], { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] });
const fleet = [start(), start(), start()];
const say = (text: string) => console.log(`${new Date().toISOString().slice(11, 19)}  ${text}`);

async function leader() {
  const [row] = await place.query('SELECT owner FROM cardgenius.leader');
  const pid = Number(
    String(row?.owner ?? '')
      .split(':')
      .at(-2),
  );
  return fleet.find(child => child.pid === pid);
}

let users = 0;
let killed = false;
let frozen = false;
try {
  for (let count = 0; count < fires; ) {
    await setTimeout(1_000);
    count = (await opened.coordination.listFires('fleet', 1_000)).length;
    if (users < count * 300) {
      const loadNo = await opened.database.beginImport('fleet');
      const rows = Array.from({ length: 300 }, (_, i) => ({
        lineNo: i + 2,
        userId: `CK${String(++users).padStart(7, '0')}`,
        amounts: [100_00, 0, 0, 0, 0, 500_00],
      }));
      await opened.database.stageSpending(loadNo, rows);
      await opened.database.publishImport(loadNo, 1, 400);
    }
    if (count >= 3 && !killed) {
      const victim = await leader();
      if (victim !== undefined) {
        killed = victim.kill('SIGKILL');
        say(`killed the leader, ${victim.pid}, after ${count} fires`);
      }
    } else if (count >= 6 && !frozen) {
      const victim = await leader();
      if (victim !== undefined && victim.exitCode === null && victim.signalCode === null) {
        frozen = victim.kill('SIGSTOP');
        say(`froze the leader, ${victim.pid}, after ${count} fires`);
        setTimeout((every + 15) * 1000).then(() => {
          victim.kill('SIGCONT');
          say(`woke ${victim.pid}`);
        });
      }
    }
  }
  const all = (await opened.coordination.listFires('fleet', 1_000)).reverse();
  for (const { plannedAt, decision, decidedAt, decidedBy, runId, runState } of all) {
    const late = ((decidedAt.getTime() - plannedAt.getTime()) / 1000).toFixed(1);
    say(`${plannedAt.toISOString()} ${decision.padEnd(10)} run ${runId} (${runState}) ${late} s late, by ${decidedBy}`);
  }
  const gaps = all
    .slice(1)
    .filter((fire, i) => fire.plannedAt.getTime() - all[i]!.plannedAt.getTime() !== every * 1000);
  const ran = all.filter(({ decision }) => decision === 'ran');
  const doubled = ran.length - new Set(ran.map(({ runId }) => runId)).size;
  const [runs] = await place.query('SELECT COUNT(*) AS number FROM cardgenius.run');
  const [terms] = await place.query('SELECT COUNT(DISTINCT decided_by) AS number FROM cardgenius.schedule_fire');
  const by = Object.entries(Object.groupBy(all, ({ decision }) => decision)).map(
    ([word, list]) => `${list.length} ${word}`,
  );
  say(
    `${all.length} fires: ${by.join(', ')}; slots missed ${gaps.length}, runs doubled ${doubled}, runs ${runs!.number} for ` +
      `${ran.length} that ran, leaders ${terms!.number}, users completed ${(await opened.database.countUsers()).completed}`,
  );
} finally {
  for (const child of fleet) child.kill('SIGCONT');
  for (const child of fleet) child.kill('SIGTERM');
  await setTimeout(4_000);
  for (const child of fleet) child.kill('SIGKILL');
  await opened.database.close();
}
