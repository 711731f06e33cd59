import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { cardgenius, hold, newFolder, newPlace } from './cli.ts';

const OFTEN = "export default { schedules: [{ name: 'often', cron: '*/2 * * * * *' }], leaseSeconds: 5 };";

test.serial('serve: a schedule fires, its run is worked on, SIGTERM ends it, and the ledger tells', async t => {
  const at = await newPlace('seeded');
  await writeFile(join(at.cwd, 'cron.config.ts'), OFTEN);
  const service = cardgenius(['serve', '--open'], { ...at, env: { CARDGENIUS_DASHBOARD_ADDRESS: '127.0.0.1:0' } });
  await service.said(/"state":"done","users":100,.*"run-left"/);
  const [, url] = /"url":"(http:[^"]+)"/.exec(service.text())!;
  t.regex(await (await fetch(`${url}metrics`)).text(), /^cardgenius_users_total\{outcome="completed"\} 100$/m);
  service.kill('SIGTERM');
  const { code, stdout } = await service;
  t.is(code, 0);
  const lines = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  t.is(lines.at(-1).msg, 'stopped');

  await using _ = await hold(at);
  const { schedules } = JSON.parse((await cardgenius(['schedule', 'list', '--json'], at)).stdout);
  t.like(schedules[0], { name: 'often', cron: '*/2 * * * * *', timeZone: 'UTC' });
  t.is(schedules[0].next.length, 5);
  t.is(schedules[0].last.at(-1).decision, 'ran');
  t.is(schedules[0].last.at(-1).runState, 'done');

  const manual = JSON.parse((await cardgenius(['schedule', 'run', 'often', '--json'], at)).stdout);
  t.like(manual, { schedule: 'often', decision: 'manual' });
  const unknown = await cardgenius(['schedule', 'run', 'weekly'], at);
  t.is(unknown.code, 2);
  t.regex(unknown.stderr, /There is no schedule weekly\. There are: often\./);
});

test.serial('serve: an engine with an error is told as an alert, and a restart with a good one closes it', async t => {
  const at = await newPlace('seeded');
  const openAlerts = async () => JSON.parse((await cardgenius(['alerts', 'list', '--json'], at)).stdout).alerts;
  await writeFile(join(at.cwd, 'cron.config.ts'), "export default { engine: './engine.ts' };");
  await writeFile(join(at.cwd, 'engine.ts'), 'export default {{');
  const broken = cardgenius(['serve'], at);
  await broken.said(/"leader"/);
  t.like((await openAlerts())[0], { rule: 'engine_unusable' });
  broken.kill('SIGTERM');
  await broken;
  await writeFile(join(at.cwd, 'cron.config.ts'), 'export default {};');
  const mended = cardgenius(['serve'], at);
  await mended.said(/"leader"/);
  mended.kill('SIGTERM');
  await mended;
  t.deepEqual(await openAlerts(), []);
});

test.serial('serve: it waits for a database that is down, is alive meanwhile, and leaves when it is told', async t => {
  const at = { cwd: await newFolder(), database: 'mssql://user:pw@127.0.0.1:1/db' };
  const service = cardgenius(['serve'], at);
  await service.said(/waiting for the database/);
  service.kill('SIGTERM');
  const { code, stdout } = await service;
  t.is(code, 0);
  t.regex(stdout, /DATABASE_UNREACHABLE/);
});
