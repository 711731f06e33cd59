/** Public bug reports about other software, tried on this one: each test names where it comes from. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { openChannels } from '../../src/alerts/channels.ts';
import type { Notice } from '../../src/alerts/notice.ts';
import { coordinationOperations } from '../../src/database/coordination.ts';
import { readSpendingCsv } from '../../src/exchange/spending-csv.ts';
import type { RunProgress } from '../../src/model/run.ts';
import { Secret } from '../../src/model/secret.ts';
import { planFires } from '../../src/schedule/misfire.ts';
import { figuresOf } from '../../src/telemetry/figures.ts';
import { startHttp } from '../support/receivers.ts';
import { recordingDriver } from '../support/recording-driver.ts';

const HEADER = 'user_id,avg_amazon_gmv,avg_flipkart_gmv,avg_myntra_gmv,avg_ajio_gmv,avg_grocery_gmv,avg_confirmed_gmv';
const FOLDER = mkdtempSync(join(tmpdir(), 'cardgenius-reports-'));

async function read(name: string, text: string): Promise<string[]> {
  const path = join(FOLDER, name);
  writeFileSync(path, text);
  const lines: string[] = [];
  for await (const line of readSpendingCsv(path, 1_000_000_000)) {
    lines.push('bad' in line ? `${line.bad.lineNo}: ${line.bad.reason}` : line.good.userId);
  }
  return lines;
}

test('erikdarlingdata/PerformanceMonitor#3622: a message is not cut through the middle of a character', async t => {
  await using http = await startHttp();
  const url = new Secret(http.url);
  const since = new Date('2026-11-23T10:00:00Z');
  const about = { rule: 'run_failed', subject: 'run 7', severity: 'critical', look: 'x', state: 'opened' } as const;
  const [slack] = openChannels({ slack: { url } });
  for (let length = 2_840; length < 2_900; length++) {
    const notice: Notice = { ...about, message: `${'a'.repeat(length)}😀`.padEnd(3_000, 'b'), since, at: since };
    await slack!.send(notice, 'id');
  }
  t.true(http.items.every(({ body }) => !/\\ud[89ab]/i.test(body) && body.isWellFormed()));

  const driver = recordingDriver(() => [{ outcome: 'opened', openedAt: since }]);
  const request = {
    rule: 'r',
    subject: 's',
    severity: 'warning',
    remindSeconds: 1,
    openedAt: null,
    teller: 'p',
  } as const;
  await coordinationOperations(driver).raiseAlert({ ...request, message: `${'a'.repeat(999)}😀` });
  const stored = driver.calls[0]!.parameters.find(([name]) => name === 'message')![2];
  t.is(stored, 'a'.repeat(999));
});

test('archimatetool/archi#192, pulibrary/orangelight#2695: an id that a spreadsheet has shortened is rejected, and says so', async t => {
  const row = (id: string) => `${id},1,2,3,4,5,100`;
  const ids = ['1.23457E+14', '1,23457E+14', '4e+92', '9912140633506421', 'CK1E+5'];
  const lines = await read('ids.csv', [HEADER, ...ids.map(id => row(`"${id}"`))].join('\n'));
  t.deepEqual(
    lines.map(line => (line.includes('shortened') ? 'rejected' : line)),
    ['rejected', 'rejected', 'rejected', '9912140633506421', 'CK1E+5'],
  );
  t.regex(lines[0]!, /^2: user_id is a number that a spreadsheet has shortened: make the column text/);
});

test('nietras/Sep#154, Icinga/icingaweb2-module-director#1161: a blank after a quote is named with its line; one around an id is no part of it', async t => {
  await t.throwsAsync(read('header.csv', `${HEADER.replace('avg_confirmed_gmv', '"avg_confirmed_gmv" ')}\n`), {
    code: 'CSV_BROKEN',
    message: /from line 1 on: after a closing quote/,
  });
  t.deepEqual(await read('blank.csv', `${HEADER} \n"web2 ",1,2,3,4,5,6\nweb2,1,2,3,4,5,6\n`), ['web2', 'web2']);
});

test('cronie-crond/cronie#124: slots in UTC do not care for the machine’s zone, on the day its clocks go back either', t => {
  const script = `import { slotsBetween } from ${JSON.stringify(join(import.meta.dirname, '../../src/schedule/slots.ts'))};
    for (const cron of ['59 0 * * *', '30 1 * * *', '59 1 * * *', '0 1 * * *', '0 2 * * *', '1 1 * * *'])
      for (const slot of slotsBetween({ cron, timeZone: 'UTC' }, Date.parse('2022-10-30T00:00Z'), Date.parse('2022-10-30T04:00Z')))
        console.log(new Date(slot).toISOString().slice(11, 16));`;
  const slots = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, TZ: 'Europe/London' },
    encoding: 'utf8',
  });
  t.deepEqual(slots.trim().split('\n'), ['00:59', '01:30', '01:59', '01:00', '02:00', '01:01']);
});

test('kubernetes/kubernetes#42649: more than a hundred missed slots are decided like one, and the latest is caught up', t => {
  const now = Date.parse('2026-11-23T10:00:30Z');
  const every = { cron: '* * * * *', timeZone: 'UTC', misfire: 'once', catchUpWindowMinutes: 4_320 } as const;
  let lastPlanned = new Date(now - 13 * 3_600_000); // stopped overnight
  const decisions: string[] = [];
  for (let left = true; left; ) {
    const fires = planFires(every, { knownSince: new Date(0), lastPlanned }, now, 20_000);
    decisions.push(...fires.map(({ decision }) => decision));
    left = fires.length > 0;
    lastPlanned = fires.at(-1)?.plannedAt ?? lastPlanned;
  }
  t.is(decisions.length, 780);
  t.deepEqual([...new Set(decisions.slice(0, -1))], ['skipped']);
  t.is(decisions.at(-1), 'caught_up');
});

test('Azure/azure-webjobs-sdk#209: a run without users has no NaN among its figures', t => {
  const at = new Date('2026-11-23T10:00:00Z');
  const run = {
    startedAt: at,
    finishedAt: at,
    state: 'done',
    completed: 0,
    failed: 0,
    changed: 0,
    gone: 0,
    plannedUsers: 0,
  } as unknown as RunProgress;
  for (const seen of [run, { ...run, finishedAt: null, state: 'running' } as RunProgress]) {
    const figures = figuresOf(seen, [], at);
    const numbers = Object.values(figures)
      .flat()
      .filter(value => typeof value === 'number');
    t.true(numbers.every(Number.isFinite), JSON.stringify(figures));
  }
});

test('figures: a chunk that was closed in the future is no sign of life, and no speed', t => {
  const at = new Date('2026-11-23T10:00:00Z');
  const counts = { completed: 100, failed: 0, changed: 0, gone: 0 };
  const run = { startedAt: new Date(at.getTime() - 600_000), finishedAt: null, state: 'running', plannedUsers: 200 };
  const chunk = (closedAt: Date) => ({
    state: 'done',
    leaseUntil: null,
    startedAt: run.startedAt,
    closedAt,
    ...counts,
  });
  const figures = (closedAt: Date) =>
    figuresOf(
      { ...run, ...counts } as unknown as RunProgress,
      [chunk(closedAt)] as unknown as Parameters<typeof figuresOf>[1],
      at,
    );
  t.like(figures(new Date(at.getTime() - 30_000)), { silentSeconds: 30, now: 2 });
  t.like(figures(new Date(at.getTime() + 10_800_000)), { silentSeconds: 600, now: 0 });
});
