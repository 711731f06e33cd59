/** The thread behind BlockedWatch. */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { BEAT_MS, type Watched } from './blocked-watch.ts';

const { beat, first } = workerData as { readonly beat: Int32Array; readonly first: Watched };
let watched = first;
let last = -1;
/** Looks and not time: a program that was halted as a whole, or a laptop that slept, has not blocked. */
let looks = 0;

parentPort!.on('message', (next: Watched) => {
  watched = next;
  looks = 0;
});

const timer = setInterval(() => {
  const now = Atomics.load(beat, 0);
  looks = now === last ? looks + 1 : 0;
  last = now;
  if (looks * BEAT_MS < watched.limitMs) return;
  clearInterval(timer);
  writeSync(
    2,
    `${watched.what}: the engine has blocked its thread for ${watched.limitMs} ms behind an await, where no time limit ends it. The kit ends ` +
      'this program. Give the thread back: a loop that waits must await, and one that computes must end in time.\n',
  );
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1_000); // a handler of SIGTERM has no thread to run on
}, BEAT_MS);
