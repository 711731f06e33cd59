import test from 'ava';
import type { BatchEvent } from '../../src/batch/events.ts';
import { Progress, progressText } from '../../src/telemetry/progress.ts';

const RESULT = {
  state: 'done',
  users: 10,
  completed: 9,
  failed: 1,
  changed: 0,
  gone: 0,
  rowsWritten: 90,
  rowsUnchanged: 0,
} as const;
const STAGES = { claim: 1, read: 1, compute: 1, load: 1, publish: 1 };
const EVENTS: BatchEvent[] = [
  { type: 'run-opened', outcome: 'planned', runId: 1, state: 'running', chunks: 2, users: 20, supersededId: null },
  { type: 'chunk-claimed', chunkNo: 1, users: 10, attempt: 1 },
  { type: 'users-computed', chunkNo: 1, users: 10, failed: 1 },
  { type: 'chunk-published', chunkNo: 1, result: RESULT, stages: STAGES },
  { type: 'chunk-published', chunkNo: 2, result: RESULT, stages: STAGES },
];

function show(isTTY: boolean, columns = 120): string[] {
  const written: string[] = [];
  let now = 0;
  const progress = new Progress({ isTTY, columns, write: text => written.push(text) }, () => (now += 3_000));
  for (const event of EVENTS) progress.listener(event);
  progress.end();
  return written;
}

test('the line tells share, users, speed and time left', t => {
  const figures = { done: 500_000, computed: 520_000, total: 2_000_000, elapsedMs: 100_000 };
  t.is(progressText(figures), '25 % · 500,000 of 2,000,000 users · 5,000 users/s, 5 min 0 s left');
  t.is(progressText(figures, 119).slice(0, 27), `[${'#'.repeat(6)}${'-'.repeat(18)}] `);
  const long = { done: 1_030_000, computed: 0, total: 2_000_000, elapsedMs: 1_000_000 };
  const rest = '51 % · 1,030,000 of 2,000,000 users · 1,030 users/s, 15 min 42 s left';
  t.is(progressText(long, 80), `[####----] ${rest}`, 'the bar gives way, and not the time left');
  t.is(progressText(long, 79), rest);
  t.is(progressText({ done: 0, computed: 0, total: 10, elapsedMs: 0 }), '0 % · 0 of 10 users · 0 users/s');
});

test('on a terminal one line is written over; elsewhere there are plain lines; both end with all of it', t => {
  const terminal = show(true);
  t.true(terminal.slice(0, -1).every(text => text.startsWith('\r\x1b[2K')));
  t.is(terminal.at(-1), '\n');
  t.true(show(true, 0).at(-2)!.endsWith('users/s'), 'a terminal without a size cuts nothing');
  const died: string[] = [];
  new Progress({ write: text => died.push(text) }).listener({ type: 'thread-ended', message: 'out of luck' });
  new Progress({ write: text => died.push(text) }).listener({ type: 'lease-lost', chunkNo: 2, stuckSeconds: 54 });
  t.regex(died.pop()!, /^chunk 2: nothing has moved for 54 s, so its lease ends/);
  t.deepEqual(died, ['the engine has ended a worker thread, and its users are computed again: out of luck\n']);
  const plain = show(false);
  t.true(plain.every(text => text.endsWith('\n') && !text.includes('\x1b')));
  t.regex(plain.at(-1)!, /^100 % · 20 of 20 users/);
});

test('where there is no terminal, no line says what the one before it has said; after a minute one does', t => {
  const written: string[] = [];
  let now = 0;
  const progress = new Progress({ isTTY: false, write: text => written.push(text) }, () => now);
  const at = (seconds: number, event: BatchEvent) => {
    now = seconds * 1_000;
    progress.listener(event);
  };
  at(0, EVENTS[0]!);
  at(6, EVENTS[3]!);
  for (let second = 7; second < 70; second++) at(second, { ...(EVENTS[2] as object), users: 0 } as BatchEvent);
  at(70, EVENTS[4]!);
  t.deepEqual(
    written.map(text => text.replace(/ · \d+ users.s.*\n/, '')),
    ['0 % · 0 of 20 users', '50 % · 10 of 20 users', '50 % · 10 of 20 users', '100 % · 20 of 20 users'],
  );
});

test('a retry and a failure are told in words', t => {
  const written: string[] = [];
  const progress = new Progress({ isTTY: false, write: text => written.push(text) });
  progress.listener({
    type: 'chunk-retried',
    chunkNo: 3,
    stage: 'load',
    code: 'X',
    errorClass: 'transient',
    message: 'deadlock',
    delayMs: 40,
  });
  progress.listener({ type: 'chunk-failed', chunkNo: 3, outcome: 'failed', code: 'ENGINE_FAILED', message: 'no' });
  t.deepEqual(written, [
    'chunk 3: load again in 40 ms: deadlock\n',
    'chunk 3: ENGINE_FAILED: no; its users are failed\n',
  ]);
});
