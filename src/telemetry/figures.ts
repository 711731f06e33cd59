import type { Attempt, ChunkProgress } from '../database/history.ts';
import { decidedOf, type RunProgress } from '../model/run.ts';

/** The figures of a run, from the database alone: the same for every reader, and after any restart. */
export interface RunFigures {
  /** completed + failed + changed + gone */
  readonly done: number;
  readonly seconds: number;
  /** Users a second: of late, and since it started. */
  readonly now: number;
  readonly average: number;
  /** Chunks under a lease that has not run out. */
  readonly atWork: number;
  /** Seconds since the run started, a chunk was closed, or one that is at work was begun, whatever came last; 0 where it is over. */
  readonly silentSeconds: number;
  /** Seconds until it is over, at the better and the worse of both speeds; null where there is nothing to tell it from. */
  readonly left: { readonly low: number; readonly high: number } | null;
  /** Users a second from its start on, in equal steps. */
  readonly throughput: readonly number[];
  readonly stepSeconds: number;
}

const STEPS = 48;
const STALLED_MS = 30_000;
const APART_MS = 300_000;
/** The least doubt of an estimate, as a share. */
const LEAST_DOUBT = 0.1;

export function figuresOf(run: RunProgress, chunks: readonly ChunkProgress[], at: Date): RunFigures {
  const { plannedUsers } = run;
  const done = decidedOf(run);
  const start = run.startedAt.getTime();
  const end = Math.max((run.finishedAt ?? at).getTime(), start + 1);
  const seconds = (end - start) / 1000;
  const windowSeconds = Math.min(seconds, Math.max(10, seconds / 10));
  let lately = 0;
  let sign = start;
  const atWork = chunks.filter(({ state, leaseUntil }) => state === 'leased' && leaseUntil !== null && leaseUntil > at);
  // This machine's clock may be a little behind; what lies further in the future was written while the database's was ahead.
  const latest = end + APART_MS;
  const signOf = (time: Date | null) => (time === null || time.getTime() > latest ? start : time.getTime());
  for (const { startedAt } of atWork) sign = Math.max(sign, signOf(startedAt));
  for (const chunk of chunks) {
    sign = Math.max(sign, signOf(chunk.closedAt));
    if (chunk.closedAt !== null && signOf(chunk.closedAt) > end - windowSeconds * 1000) lately += decidedOf(chunk);
  }
  const average = done / seconds;
  const now = run.finishedAt === null ? lately / windowSeconds : 0;
  return {
    done,
    seconds,
    now: Math.round(now),
    average: Math.round(average),
    atWork: atWork.length,
    silentSeconds: run.finishedAt === null ? Math.max(0, Math.round((end - sign) / 1000)) : 0,
    left: timeLeft(plannedUsers - done, now, average, run),
    ...curveOf(run, chunks, start, end),
  };
}

/**
 * Each chunk's users spread over the time that it took. While a run goes well the curve ends with the last chunk that is
 * closed: those still at work would make it drop. Where nothing was closed for a while, the drop is the news.
 */
function curveOf({ finishedAt }: RunProgress, chunks: readonly ChunkProgress[], start: number, end: number) {
  const closed = chunks.filter(chunk => chunk.closedAt !== null);
  const last = closed.reduce((time, chunk) => Math.max(time, chunk.closedAt!.getTime()), start + 1);
  const until = finishedAt === null && end - last < STALLED_MS ? last : end;
  const step = (until - start) / STEPS;
  const users = new Array<number>(STEPS).fill(0);
  const stepAt = (time: number) => Math.min(STEPS - 1, Math.max(0, Math.floor((time - start) / step)));
  for (const chunk of closed) {
    const from = stepAt((chunk.startedAt ?? chunk.closedAt!).getTime());
    const to = Math.max(from, stepAt(chunk.closedAt!.getTime()));
    for (let i = from; i <= to; i++) users[i]! += decidedOf(chunk) / (to - from + 1);
  }
  const stepSeconds = step / 1000;
  return { throughput: users.map(count => Math.round(count / stepSeconds)), stepSeconds };
}

function timeLeft(users: number, now: number, average: number, { state }: RunProgress): RunFigures['left'] {
  if (state !== 'running' || users <= 0 || average === 0) return null;
  const speeds = [now, average].filter(speed => speed > 0);
  return {
    low: (users / Math.max(...speeds)) * (1 - LEAST_DOUBT),
    high: (users / Math.min(...speeds)) * (1 + LEAST_DOUBT),
  };
}

/** Milliseconds by stage over attempts that are done. `waiting` is claiming and reading, which no attempt notes down. */
export function stageTotals(attempts: readonly Attempt[]): Record<'waiting' | 'compute' | 'load' | 'publish', number> {
  const totals = { waiting: 0, compute: 0, load: 0, publish: 0 };
  for (const { outcome, startedAt, endedAt, computeMs, loadMs, publishMs } of attempts) {
    if (outcome !== 'done' || endedAt === null) continue;
    const known = (computeMs ?? 0) + (loadMs ?? 0) + (publishMs ?? 0);
    totals.compute += computeMs ?? 0;
    totals.load += loadMs ?? 0;
    totals.publish += publishMs ?? 0;
    totals.waiting += Math.max(0, endedAt.getTime() - startedAt.getTime() - known);
  }
  return totals;
}
