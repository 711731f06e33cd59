/** `--log-dir`: a log file for each run, named by its number and its batch id. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { BatchEvent } from '../../src/batch/events.ts';
import { RunLogs } from '../../src/telemetry/run-logs.ts';

const opened = (runId: number, batchId: string | null): BatchEvent => ({
  type: 'run-opened',
  outcome: 'planned',
  runId,
  state: 'running',
  chunks: 1,
  users: 10,
  supersededId: null,
  batchId,
});
const closed = (runId: number): BatchEvent => ({ type: 'run-closed', runId, state: 'done' });
const retried: BatchEvent = {
  type: 'step-retried',
  operation: 'claim',
  code: 'MSSQL_1205',
  errorClass: 'transient',
  message: 'deadlock',
  delayMs: 5,
};

const newFolder = () => mkdtempSync(join(tmpdir(), 'cardgenius-run-logs-'));
const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Record<string, unknown>);

function logsIn(folder: string) {
  const troubles: { runId: number; message: string }[] = [];
  const logs = new RunLogs(folder, { level: 'warn', processor: 'host:1:a', onTrouble: about => troubles.push(about) });
  return { logs, troubles };
}

test('each run gets a file of its own, named by its number and batch id, and a dry run by its number alone', t => {
  const folder = join(newFolder(), 'a', 'b');
  const { logs } = logsIn(folder);
  for (const event of [opened(7, 'BATCH_20251007_001'), retried, closed(7), opened(8, null), closed(8)])
    logs.listener(event);
  logs.listener(retried); // of no run
  t.deepEqual(readdirSync(folder).sort(), ['run-7_BATCH_20251007_001.log', 'run-8.log']);
  const lines = linesOf(join(folder, 'run-7_BATCH_20251007_001.log'));
  t.deepEqual(
    lines.map(({ msg }) => msg),
    ['run-opened', 'step-retried', 'run-closed'],
  );
  t.true(lines.every(({ run, processor }) => run === 7 && processor === 'host:1:a'));
  t.is(linesOf(join(folder, 'run-8.log')).length, 2);
});

test('a run that is taken up again goes on in its file, also where it was never closed', t => {
  const folder = newFolder();
  const { logs } = logsIn(folder);
  logs.listener(opened(7, 'BATCH_20251007_001'));
  logs.listener(opened(9, 'BATCH_20251007_002')); // 7 was left for trouble
  logs.listener(opened(7, 'BATCH_20251007_001'));
  logs.close();
  t.is(linesOf(join(folder, 'run-7_BATCH_20251007_001.log')).length, 2);
  t.is(linesOf(join(folder, 'run-9_BATCH_20251007_002.log')).length, 1);
});

test('a folder that cannot be written to is told before the run', t => {
  const file = join(newFolder(), 'file');
  writeFileSync(file, '');
  t.throws(() => logsIn(file), { code: 'FILE_UNWRITABLE', message: /--log-dir/ });
  t.throws(() => logsIn(join(file, 'logs')), { code: 'FILE_UNWRITABLE' });
});

test('a file that cannot be opened costs its events, is told once, and says what is missing when it can', t => {
  const folder = newFolder();
  const path = join(folder, 'run-7_BATCH_20251007_001.log');
  mkdirSync(path); // a folder in its place: opening it fails, as on a full disk
  const { logs, troubles } = logsIn(folder);
  t.notThrows(() => {
    logs.listener(opened(7, 'BATCH_20251007_001'));
    logs.listener(retried);
  });
  t.is(troubles.length, 1);
  t.regex(logs.trouble ?? '', /EISDIR/);
  t.like(troubles[0]!, { runId: 7 });
  rmdirSync(path);
  logs.listener(closed(7));
  const lines = linesOf(path);
  t.like(lines[0]!, { lost: 2, msg: 'events before this one are missing' });
  t.is(lines[1]!.msg, 'run-closed');

  mkdirSync(join(folder, 'run-8_BATCH_20251007_002.log'));
  logs.listener(opened(8, 'BATCH_20251007_002'));
  t.regex(logs.trouble ?? '', /EISDIR/);
  logs.listener(closed(8));
  t.is(logs.trouble, undefined, 'no run is open');
});

const withFull = existsSync('/dev/full') ? test : test.skip;
withFull('the run goes on where the disk is full', t => {
  const folder = newFolder();
  const { logs, troubles } = logsIn(folder);
  symlinkSync('/dev/full', join(folder, 'run-8.log'));
  t.notThrows(() => {
    for (const event of [opened(8, null), retried, closed(8)]) logs.listener(event);
  });
  t.is(troubles.length, 0);
});
