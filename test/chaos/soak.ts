/**
 * Lets two real instances of `serve` live on a PostgreSQL server of their own while their world misbehaves: the database's clock jumps
 * ahead and back, the server stops, the disk of the logs fills, the receiver of alerts refuses, an instance is killed. At the end every
 * slot must stand in the ledger once, and every alert must have been told once as open and once as over; one notice that names both
 * times counts for both, where the processor that had the opening to tell was killed.
 *
 *   nice npm run soak -- --minutes 60
 *
 * Runs as root on Linux, because it mounts a small disk and starts PostgreSQL 15 (Debian's) as another user. The clock is that of the
 * database alone: cardgenius.clock reads a shifted one.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { readOptions } from '../../bench/options.ts';
import { migrate } from '../../src/database/migrate/migrate.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { seedSpending } from '../../src/exchange/seed-spending.ts';
import { slotsBetween } from '../../src/schedule/slots.ts';
import { startHttp } from '../support/receivers.ts';

const { minutes, users, port } = readOptions({ minutes: 60, users: 300, port: 55_977 });
const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const BIN = '/usr/lib/postgresql/15/bin';
const [SECOND, MINUTE] = [1_000, 60_000];
const NOBODY = 65_534;
const SCHEDULES = [
  { name: 'often', cron: '*/20 * * * * *', misfire: 'once' },
  { name: 'skips', cron: '0 * * * * *', misfire: 'skip' },
  { name: 'each', cron: '30 */2 * * * *', misfire: 'all' },
] as const;

const cwd = await mkdtemp(join(tmpdir(), 'cardgenius-soak-'));
execFileSync('chmod', ['755', cwd]);
const [data, logs, story] = [join(cwd, 'data'), join(cwd, 'logs'), join(cwd, 'story.log')];
const told = (line: string) => {
  const text = `${new Date().toISOString()} ${line}`;
  appendFileSync(story, `${text}\n`);
  console.log(text);
};

// The server, the clock before its own, the disk of the logs, the receiver.
mkdirSync(data, { mode: 0o700 });
execFileSync('chown', [`${NOBODY}`, data]);
const asNobody = (command: string, args: string[]) =>
  execFileSync(join(BIN, command), args, { uid: NOBODY, gid: NOBODY, cwd: data, stdio: 'ignore' });
asNobody('initdb', ['-D', data, '-U', 'cardgenius', '--auth=trust', '-E', 'UTF8', '--locale=C']);
const startServer = () =>
  asNobody('pg_ctl', ['-D', data, '-l', join(data, 'log'), '-w', '-o', `-p ${port} -k ${data}`, 'start']);
const stopServer = () => asNobody('pg_ctl', ['-D', data, '-m', 'immediate', 'stop']);
startServer();
const url = `postgres://cardgenius@127.0.0.1:${port}/postgres`;
const sql = async (text: string): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
};
{
  await using opened = await openDatabase(url, { checkSchema: false });
  await migrate(opened.target);
  await seedSpending(opened.database, users, 1);
}
await sql(`
  CREATE SCHEMA soak;
  CREATE TABLE soak.shift (ahead INTERVAL NOT NULL);
  INSERT INTO soak.shift VALUES ('0');
  CREATE FUNCTION soak.clock_timestamp() RETURNS TIMESTAMPTZ LANGUAGE sql VOLATILE AS
    'SELECT pg_catalog.clock_timestamp() + ahead FROM soak.shift'`);
const [read] = await sql("SELECT pg_get_functiondef('cardgenius.clock'::regproc) AS text");
await sql(String(read!.text).replaceAll(/(?<!\.)clock_timestamp\(\)/g, 'soak.clock_timestamp()'));
const clock = async (hours: number) => {
  await sql(`UPDATE soak.shift SET ahead = INTERVAL '${hours} hours'`);
  told(`the database's clock is ${hours} h ahead`);
};
mkdirSync(logs);
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', logs]);
let answer = 200;
let refused = 0;
await using receiver = await startHttp(
  () => {
    if (answer !== 200) refused++;
    return answer;
  },
  { 'retry-after': '3' },
);

writeFileSync(
  join(cwd, 'cron.config.ts'),
  `export default ${JSON.stringify({
    chunkSize: 50,
    leaseSeconds: 10,
    workers: 1,
    schedules: SCHEDULES.map(schedule => ({ ...schedule, catchUpWindowMinutes: 600 })),
    alerts: { webhook: { url: receiver.url, secret: 'sixteen characters at least' }, reminderMinutes: 240 },
    service: { health: 'off' },
  })};\n`,
);
const instances: (ChildProcess | undefined)[] = [];
let unexpectedEnds = 0;
function start(index: number): void {
  const out = openSync(join(logs, `serve-${index}.log`), 'a');
  const child = spawn(process.execPath, [MAIN, 'serve', '--log-dir', join(logs, `runs-${index}`)], {
    cwd,
    env: { ...process.env, CARDGENIUS_DATABASE_URL: url },
    stdio: ['ignore', out, out],
  });
  closeSync(out);
  child.on('exit', (code, signal) => {
    if (instances[index] !== child) return;
    unexpectedEnds++;
    told(`instance ${index} ended by itself: ${code ?? signal}`);
  });
  instances[index] = child;
}
const ended = (child: ChildProcess | undefined, signal: NodeJS.Signals) =>
  new Promise<number | null>(resolve => {
    child?.on('exit', code => resolve(code));
    child?.kill(signal);
  });

start(0);
start(1);
const begun = Date.now();
await sleep(40 * SECOND);
const from = Date.now();
const cycles = Math.max(1, Math.floor((minutes - 5) / 10));
told(`begun: ${cycles} cycles of ten minutes`);

for (let cycle = 0; cycle < cycles; cycle++) {
  const start0 = Date.now();
  const at = (seconds: number) => sleep(Math.max(0, start0 + seconds * SECOND - Date.now()));
  // Every third cycle the wrong time stays long enough to be believed.
  const long = cycle % 3 === 1;
  await at(20);
  await clock(3);
  if (!long) {
    await at(120);
    await clock(0);
  }
  await at(150);
  await sql("UPDATE user_spending_data SET processing_status = 'new'");
  await at(180);
  stopServer();
  told('the database is away');
  await at(265);
  startServer();
  told('the database is back');
  await at(280);
  if (long) await clock(0);
  writeFileSync(join(logs, 'filler'), '');
  try {
    for (;;) appendFileSync(join(logs, 'filler'), Buffer.alloc(65_536));
  } catch {
    told('the disk of the logs is full');
  }
  await at(330);
  rmSync(join(logs, 'filler'));
  told('the disk of the logs has room');
  await at(340);
  answer = cycle % 2 === 0 ? 503 : 429;
  told(`the receiver answers ${answer}`);
  await at(350);
  await clock(-3);
  if (!long) {
    await at(400);
    await clock(0);
  }
  await at(430);
  answer = 200;
  told('the receiver takes all');
  await at(450);
  const victim = cycle % 2;
  const child = instances[victim];
  instances[victim] = undefined;
  await ended(child, 'SIGKILL');
  told(`instance ${victim} is killed`);
  await at(470);
  start(victim);
  if (long) {
    await at(590);
    await clock(0);
  }
  await at(600);
  told(`cycle ${cycle + 1} of ${cycles} is over, ${receiver.items.length} notices, ${refused} refused`);
}

// Quiet, until what is open is over.
for (const end = Date.now() + 12 * MINUTE; Date.now() < end; await sleep(10 * SECOND)) {
  const [open] = await sql('SELECT COUNT(*)::INTEGER AS open FROM cardgenius.alert WHERE closed_at IS NULL');
  if (open!.open === 0 && Date.now() - begun > (minutes - 1) * MINUTE) break;
}
await sql("UPDATE user_spending_data SET processing_status = 'new' WHERE user_id LIKE '%7'");
await sleep(90 * SECOND);
const until = Date.now() - 30 * SECOND;
const codes = await Promise.all(
  instances.map((child, index) => {
    instances[index] = undefined;
    return ended(child, 'SIGTERM');
  }),
);

// What must be true.
const faults: string[] = [];
const must = (isTrue: boolean, what: string) => void (isTrue || faults.push(what));
must(unexpectedEnds === 0, `${unexpectedEnds} instances ended by themselves`);
must(
  codes.every(code => code === 0),
  `SIGTERM ends with ${codes}`,
);
const fires = (await sql(
  'SELECT schedule, planned_at, decision, decided_at, run_id FROM cardgenius.schedule_fire',
)) as unknown as { schedule: string; planned_at: Date; decision: string; decided_at: Date; run_id: string | null }[];
let slots = 0;
for (const { name, cron } of SCHEDULES) {
  const decided = new Set(fires.filter(fire => fire.schedule === name).map(fire => fire.planned_at.getTime()));
  for (const slot of slotsBetween({ cron, timeZone: 'UTC' }, from, until)) {
    slots++;
    must(decided.has(slot), `no row for ${name} at ${new Date(slot).toISOString()}`);
  }
}
for (const { schedule, planned_at, decision, decided_at, run_id } of fires) {
  const row = `${schedule} at ${planned_at.toISOString()}: ${decision}`;
  must(planned_at.getTime() < Date.now() && decided_at.getTime() < Date.now(), `${row} lies in the future`);
  must(run_id !== null || decision === 'skipped', `${row} has no run`);
}
const [runs] = await sql(`SELECT COUNT(*)::INTEGER AS lost FROM cardgenius.run AS r
  WHERE r.requested_by LIKE 'schedule %' AND NOT EXISTS (SELECT FROM cardgenius.schedule_fire AS f WHERE f.run_id = r.run_id)`);
const [anew] = await sql("SELECT COALESCE(SUM(affected), 0)::INTEGER AS slots FROM cardgenius.act WHERE act = 'clock'");
must(Number(runs!.lost) <= Number(anew!.slots), `${runs!.lost} runs of no slot, ${anew!.slots} slots decided anew`);
const [counts] = await sql(`SELECT COUNT(*) FILTER (WHERE processing_status = 'completed')::INTEGER AS completed,
  (SELECT COUNT(*)::INTEGER FROM card_recommendations) AS rows FROM user_spending_data`);
must(counts!.completed === users && counts!.rows === users * 10, `users: ${JSON.stringify(counts)}`);

const notices = receiver.items.map(
  ({ body }) => JSON.parse(body) as Record<'id' | 'rule' | 'subject' | 'state', string> & { until?: string },
);
must(new Set(notices.map(({ id }) => id)).size === notices.length, 'a notice arrived twice');
const alerts = (await sql('SELECT rule, subject, closed_at FROM cardgenius.alert')) as unknown as {
  rule: string;
  subject: string;
  closed_at: Date | null;
}[];
must(
  alerts.some(({ rule }) => rule === 'clock_wrong'),
  'the clock has jumped, and no alert says so',
);
const keys = new Set([...alerts, ...notices].map(({ rule, subject }) => `${rule}, ${subject}`));
for (const key of keys) {
  const mine = alerts.filter(({ rule, subject }) => `${rule}, ${subject}` === key);
  const states = notices
    .filter(({ rule, subject }) => `${rule}, ${subject}` === key)
    .map(({ state, until }) => (until === undefined ? state : 'both'));
  const of = (state: string) => states.filter(one => one === state).length;
  must(
    of('opened') + of('both') === mine.length && of('closed') + of('both') === mine.length,
    `${key}: ${mine.length} alerts, told ${states.join(' ')}`,
  );
  must(
    mine.every(({ closed_at }) => closed_at !== null),
    `${key} is open still`,
  );
}
const tally = (words: readonly string[]) =>
  JSON.stringify(
    Object.fromEntries([...new Set(words)].sort().map(word => [word, words.filter(w => w === word).length])),
  );
told(`${slots} slots in ${Math.round((until - from) / MINUTE)} min, by decision ${tally(fires.map(f => f.decision))}`);
told(`${anew!.slots} slots decided anew after the clock was put right, ${runs!.lost} runs of theirs`);
told(
  `${alerts.length} alerts ${tally(alerts.map(a => a.rule))}, ${notices.length} notices ` +
    `${tally(notices.map(({ state, until }) => (until === undefined ? state : 'both')))}, ${refused} refused before`,
);
for (const fault of faults) told(`FAULT ${fault}`);
told(
  faults.length === 0
    ? 'soak: every slot is accounted for, every alert was told once'
    : `soak: ${faults.length} faults`,
);

stopServer();
writeFileSync(join(cwd, 'serve.log'), [0, 1].map(i => readFileSync(join(logs, `serve-${i}.log`), 'utf8')).join('\n'));
execFileSync('umount', [logs]);
rmSync(data, { recursive: true, force: true });
if (faults.length === 0) rmSync(cwd, { recursive: true, force: true });
else console.log(`kept: ${cwd}`);
process.exitCode = faults.length === 0 ? 0 : 1;
