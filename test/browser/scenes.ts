import { aChunk, aRun } from '../support/dashboard.ts';

/** A run of 40 chunks of 2,500 users, `done` of them closed. */
export function sceneAt(done: number, failed = 0) {
  const started = new Date(Date.now() - 60_000);
  const chunks = Array.from({ length: 40 }, (_, i) => {
    const chunkNo = i + 1;
    const began = new Date(started.getTime() + (57_000 / Math.max(1, done)) * i);
    if (i < done) {
      const bad = i % 9 === 4 ? Math.min(failed, 2500) : 0;
      const took = i === 6 ? 9_000 : 1_200 + ((i * 37) % 5) * 120;
      const closedAt = new Date(Math.min(Date.now(), began.getTime() + took));
      return aChunk({ chunkNo, state: 'done', users: 2500, completed: 2500 - bad, failed: bad, attempt: 1, startedAt: began, closedAt }); // biome-ignore format: one line
    }
    if (i < done + 2) return aChunk({ chunkNo, state: 'leased', users: 2500, attempt: 1, leaseOwner: `batch-1:412${i % 2}:9f3c`, leaseUntil: new Date(Date.now() + 60_000), startedAt: new Date() }); // biome-ignore format: one line
    return aChunk({ chunkNo, users: 2500 });
  });
  const sum = (key: 'completed' | 'failed') => chunks.reduce((total, chunk) => total + chunk[key], 0);
  const run = aRun({
    startedAt: started,
    chunks: 40,
    chunksClosed: done,
    chunksLeased: Math.min(2, 40 - done),
    chunksOpen: Math.max(0, 38 - done),
    plannedUsers: 100_000,
    completed: sum('completed'),
    failed: sum('failed'),
    deadlineAt: new Date(Date.now() + 100_000),
    ...(done === 40 ? { state: 'done' as const, finishedAt: new Date() } : {}),
  });
  const attempts = chunks.flatMap(({ chunkNo, state, startedAt, closedAt }) => {
    if (state !== 'done' || startedAt === null) return [];
    const ms = closedAt!.getTime() - startedAt.getTime();
    return [{ chunkNo, attempt: 1, leaseOwner: 'a', outcome: 'done' as const, startedAt, endedAt: closedAt, computeMs: Math.round(ms * 0.14), loadMs: Math.round(ms * 0.2), publishMs: Math.round(ms * 0.52), errorCode: null, errorMessage: null }]; // biome-ignore format: one line
  });
  return { run, chunks, attempts };
}

export const FAILURES = [
  { code: 'INVALID_SPENDING', users: 1_23_456, userId: 'CK0000007', samples: ['CK0000007', 'CK0000019'], error: 'INVALID_SPENDING: amazon is negative' },
  { code: 'ENGINE_FAILED', users: 3, userId: 'CK0000321', samples: ['CK0000321'], error: 'ENGINE_FAILED: no card of ten' },
]; // biome-ignore format: a table
