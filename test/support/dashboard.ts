/** A dashboard over a database that a test can take away, or whose answers it makes up. */

import { createDashboard, type Dashboard, type DashboardOptions } from '../../src/dashboard/dashboard.ts';
import type { Attempt, ChunkProgress } from '../../src/database/history.ts';
import { DatabaseError } from '../../src/model/errors.ts';
import type { RunProgress } from '../../src/model/run.ts';

export const START = new Date('2026-11-23T04:00:00Z');

export const aRun = (overrides: Partial<RunProgress> = {}): RunProgress => ({
  runId: 7,
  kind: 'batch',
  state: 'running',
  reason: null,
  round: 1,
  engineName: 'built-in',
  engineVersion: '1',
  fingerprint: 'a'.repeat(64),
  gateAccepted: false,
  requestedBy: 'test',
  deadlineAt: null,
  startedAt: START,
  finishedAt: null,
  chunks: 4,
  chunksOpen: 2,
  chunksLeased: 1,
  chunksClosed: 1,
  plannedUsers: 400,
  completed: 90,
  failed: 10,
  changed: 0,
  gone: 0,
  rowsWritten: 900,
  rowsUnchanged: 0,
  failures: 0,
  ...overrides,
});

export const aChunk = (overrides: Partial<ChunkProgress> = {}): ChunkProgress => ({
  chunkNo: 1,
  round: 1,
  state: 'open',
  users: 100,
  completed: 0,
  failed: 0,
  changed: 0,
  gone: 0,
  attempt: 0,
  failures: 0,
  leaseOwner: null,
  leaseUntil: null,
  startedAt: null,
  closedAt: null,
  errorCode: null,
  errorMessage: null,
  firstCardsKnown: null,
  firstCardsChanged: null,
  ...overrides,
});

/** What the database of a made-up dashboard says; `away` makes every question fail. */
export interface Scene {
  run: RunProgress | undefined;
  chunks: ChunkProgress[];
  attempts: Attempt[];
  /** The history; without it, the run alone. */
  runs?: RunProgress[];
  away: boolean;
}

export interface MadeUp extends AsyncDisposable {
  readonly url: string;
  readonly dashboard: Dashboard;
  readonly scene: Scene;
}

export async function madeUp(
  scene: Partial<Scene> = {},
  options: Partial<DashboardOptions> = {},
  port = 0,
): Promise<MadeUp> {
  const now: Scene = { run: aRun(), chunks: [], attempts: [], away: false, ...scene };
  const ask = async <T>(answer: () => T): Promise<T> => {
    if (now.away) throw new DatabaseError('DATABASE_AWAY', 'sql-7.internal: login of svc_cards failed', 'ambiguous');
    return answer();
  };
  const dashboard = createDashboard({
    database: {
      readRun: id => ask(() => (id === null ? now.run : (now.runs ?? [now.run]).find(run => run?.runId === id))),
    },
    history: {
      listRuns: () => ask(() => now.runs ?? (now.run === undefined ? [] : [now.run])),
      listChunks: (_run, after) => ask(() => now.chunks.filter(({ chunkNo }) => chunkNo > after)),
      listAttempts: () => ask(() => now.attempts),
    },
    tokens: { read: undefined, act: undefined },
    errorRateLimit: 0.05,
    version: '1.2.3',
    pollMs: 50,
    ...options,
  });
  const url = await dashboard.listen({ host: '127.0.0.1', port });
  return { url, dashboard, scene: now, [Symbol.asyncDispose]: () => dashboard.close() };
}
