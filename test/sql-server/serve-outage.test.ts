import { spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { createDatabase, hasSqlServer, NO_SERVER, startSqlServer } from '../support/sql-server.ts';
import { wireTo } from '../support/wire.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

if (hasSqlServer()) {
  test('serve starts while its server is away, fires when it comes, and goes on after all wires were cut', async t => {
    t.timeout(600_000);
    await using server = await startSqlServer();
    await using place = await createDatabase(server);
    await using opened = await openDatabase(place.url, { checkSchema: false });
    await migrate(opened.target);

    // A port that no server listens on yet: the server is away.
    const first = await wireTo(server.url.hostname, Number(server.url.port || 1433));
    const { port } = first;
    await first[Symbol.asyncDispose]();

    const cwd = await mkdtemp(join(tmpdir(), 'cardgenius-outage-'));
    const schedule = "{ name: 'often', cron: '*/2 * * * * *' }";
    await writeFile(
      join(cwd, 'cron.config.ts'),
      `export default { leaseSeconds: 5, workers: 1, schedules: [${schedule}] };`,
    );
    const url = new URL(place.url);
    url.hostname = '127.0.0.1';
    url.port = String(port);
    const env = { ...process.env, CARDGENIUS_DATABASE_URL: url.href };
    const child = spawn(process.execPath, [MAIN, 'serve'], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise<number | null>(resolve => child.on('close', resolve));
    let said = '';
    const heard = new Set<() => void>();
    child.stdout.on('data', data => {
      said += data;
      for (const look of heard) look();
    });
    const says = (pattern: RegExp, from = 0) =>
      new Promise<void>(resolve => {
        const look = () => {
          if (!pattern.test(said.slice(from))) return;
          heard.delete(look);
          resolve();
        };
        heard.add(look);
        look();
      });

    try {
      await says(/waiting for the database/);
      await using wire = await wireTo(server.url.hostname, Number(server.url.port || 1433), port);
      await says(/"decision":"ran".*"fire"/);
      const mark = said.length;
      wire.cut();
      await says(/"fire"/, mark);
      child.kill('SIGTERM');
      t.is(await ended, 0);
    } finally {
      child.kill('SIGKILL');
    }
    const fires = await opened.coordination.listFires('often', 1_000);
    const slots = fires.map(({ plannedAt }) => plannedAt.getTime()).reverse();
    t.true(
      slots.slice(1).every((slot, i) => slot - slots[i]! === 2_000),
      'no slot is missing',
    );
  });
} else {
  console.error(`\n${NO_SERVER}\n`);
  test.skip('serve on SQL Server', () => {});
}
