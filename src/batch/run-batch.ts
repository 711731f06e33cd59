/**
 * A run: every due user gets ten cards, in chunks, by any number of processors. This is the protocol; the files beside it are its parts.
 *
 *     runBatch ── open_run: joins the active run, or plans one (the run, its cards, its chunks: one transaction)
 *       └ processRun ── worker-pool.ts: threads that compute, shared by all loops of this processor
 *           └ claim-loops.ts: `chunksInFlight` loops, each with one chunk at a time
 *               claim ─► read ─► compute ─► load ─► publish ─► check   chunk-pipeline.ts, up to publish under heartbeat.ts
 *                          gates.ts: before read, before load, before publish; a shut gate pauses the run
 *               wait ─► advance_run: plans the next round, or closes the run, once no chunk is open
 *
 * **A chunk** is a key range of users. A claim gives it to one processor under a lease and a fresh token, and freezes its set of users.
 * The spends are read at the claim; publish compares them again under lock, so a user who changed meanwhile is new again and not
 * overwritten. A chunk is `open`, `leased`, then `done`, `failed` or closed with its run.
 *
 * **The lease** is time of the database. heartbeat.ts renews it, but only while the work moves, so that a hung engine loses its chunk.
 * It keeps a local deadline too, earlier than the database's: when that passes, everything before publish is aborted. The last renewal
 * comes just before publish; from there the lock of the chunk's row is the lease.
 *
 * **The fence.** Each write carries run, chunk and token; under another token it writes nothing (LEASE_LOST). So a processor that was
 * frozen and wakes up can do no harm, and a killed one needs no clean-up: its lease runs out, and the chunk is claimed again.
 *
 * **Publish** is one transaction, and the same when it is repeated. Where the database refuses a row, publisher.ts halves the span until
 * the user with that row is alone; that user becomes `failed`, and all others are published. Ten rows replace ten rows: a reader
 * sees a user's old ten or new ten, and a failed user keeps last week's.
 *
 * **Check.** After the commit check_chunk reads rows back that the chunk published. What cannot be right is kept in the chunk, ends the
 * run with exit code 1 and raises the alert `rows_wrong`. The last processor checks what a dead one left unchecked.
 *
 * **Errors.** recovery.ts is the table: what becomes of a chunk for each error. Users fail for their data and for their engine, never
 * for trouble of the database: that is waited for (database/retrying.ts), then the chunk is given back, and the run stops or pauses.
 *
 * **One engine.** The bytes that were fingerprinted for the plan are those that the threads compute with (engine/image.ts). A processor
 * with another fingerprint cannot claim.
 *
 * **A stop** gives back what has not begun to publish, and waits for what has. The last processor to leave sets the run to `stopped`;
 * any later start with the same fingerprint goes on.
 */
import type { Database } from '../database/database.ts';
import { retrying, type Sleep } from '../database/retrying.ts';
import type { EngineIdentity } from '../engine/engine.ts';
import { type EngineImage, EngineUnusableError, type LoadedEngine } from '../engine/image.ts';
import { CardGeniusError } from '../model/errors.ts';
import { decidedOf, type OpenedRun, type RunKind, type RunState, type RunTerms } from '../model/run.ts';
import { ClaimLoops, END_PATIENCE_MS, reasonOf } from './claim-loops.ts';
import type { BatchListener, Stage, StageTimes } from './events.ts';
import { type CommonestFailure, FailureTally } from './failure-tally.ts';
import { type GateLimits, Gates } from './gates.ts';
import { WorkerPool } from './worker-pool.ts';

/** The sizes and limits of a run; see cron.config.ts for what each is for. */
export interface BatchSettings extends GateLimits {
  readonly chunkSize: number;
  readonly workers: number;
  readonly chunksInFlight: number;
  readonly leaseSeconds: number;
  readonly maxRounds: number;
  /** As in RunRequest. */
  readonly stampUnchangedRows?: boolean | undefined;
  /** Users of a chunk, at most, whose rows are read back and checked after its publish. */
  readonly checkedUsers: number;
}

export interface BatchRequest {
  readonly kind: RunKind;
  /** How many users at most; null is all who are due. */
  readonly userLimit: number | null;
  /** This process's name in leases and logs: host:pid:random. */
  readonly processor: string;
  readonly requestedBy: string;
  readonly deadlineAt: Date | null;
  /** As in RunRequest. */
  readonly utcOffsetMinutes?: number | undefined;
  /** As it was loaded for this run: its threads compute with that, or not at all. */
  readonly engine: LoadedEngine;
}

/** What this process did of a run. */
export interface BatchOutcome {
  readonly runId: number;
  /** The run that this one put an end to. */
  readonly supersededId: number | null;
  readonly state: RunState;
  /** Users decided in this run by this process: completed + failed + changed + gone. */
  readonly users: number;
  readonly completed: number;
  readonly failed: number;
  readonly seconds: number;
  readonly usersPerSecond: number;
  /** Rows of card_recommendations that now stand for the users completed: ten each. */
  readonly recommendations: number;
  /** Rows that were inserted or changed; in a dry run, that would have been. */
  readonly rowsWritten: number;
  /** Share of the time of this process's chunks that went into each stage, 0 to 1; all 0 where it published none. */
  readonly stages: StageTimes;
  /** Why most users failed that this process computed. */
  readonly commonestFailure: CommonestFailure | undefined;
}

/** What computes: worker threads, unless a test says otherwise. */
export type ComputePool = Pick<WorkerPool, 'compute' | 'close'> & Partial<Pick<WorkerPool, 'usage'>>;
export type CreatePool = (workers: number, engine: EngineImage, onEnded: (reason: string) => void) => ComputePool;
const createWorkerPool: CreatePool = (...given) => new WorkerPool(...given);

/** What only tests choose. */
export interface Surroundings {
  readonly createPool?: CreatePool | undefined;
  readonly sleep?: Sleep | undefined;
}

/**
 * Takes part in a run until it is over: joins the active one or plans a new one, then claims, computes, loads and
 * publishes chunk after chunk, `chunksInFlight` at a time.
 *
 * When `signal` is aborted, what is in flight is given back and the outcome's state is the run's own (`stopped`, or
 * `running` where other processors go on). Throws an error that is not about one chunk: the database is away, the run belongs to
 * another engine, no thread can make the engine of the run. The run can be taken up again after any of that.
 */
export async function runBatch(
  database: Database,
  settings: BatchSettings,
  request: BatchRequest,
  listener: BatchListener,
  signal: AbortSignal,
  surroundings: Surroundings = {},
): Promise<BatchOutcome> {
  const { kind, userLimit, requestedBy, deadlineAt, utcOffsetMinutes, engine } = request;
  const terms = runTerms(engine, settings, kind, userLimit);
  const steady = retrying(database, { signal, sleep: surroundings.sleep });
  const opened = await steady.openRun({ ...terms, requestedBy, deadlineAt, utcOffsetMinutes });
  const batchId = (await steady.readRun(opened.runId))?.batchId ?? null;
  const { processor } = request;
  const run = { ...opened, batchId };
  return processRun(database, { settings, processor, engine, run, listener, signal, surroundings });
}

/** What a run is opened with, by a command or a schedule. */
export function runTerms(
  { name, version, fingerprint, cards }: EngineIdentity,
  { chunkSize, maxRounds, stampUnchangedRows }: BatchSettings,
  kind: RunKind,
  userLimit: number | null,
): RunTerms {
  return {
    kind,
    engineName: name,
    engineVersion: version,
    fingerprint,
    cards,
    chunkSize,
    userLimit,
    maxRounds,
    stampUnchanged: stampUnchangedRows,
  };
}

/** What a processor needs to take part in a run that is open. */
export interface RunMembership extends Pick<BatchRequest, 'processor' | 'engine'> {
  readonly settings: BatchSettings;
  readonly run: OpenedRun;
  readonly listener: BatchListener;
  readonly signal: AbortSignal;
  readonly surroundings?: Surroundings;
}

/** Takes part in a run that is open, and in no other: as runBatch, without opening one. */
export async function processRun(database: Database, membership: RunMembership): Promise<BatchOutcome> {
  const { settings, processor, engine, run: opened, signal, surroundings = {} } = membership;
  const { createPool = createWorkerPool, sleep } = surroundings;
  const startedAt = performance.now();
  const times: Record<Stage, number> = { claim: 0, read: 0, compute: 0, load: 0, publish: 0 };
  const listener: BatchListener = event => {
    if (event.type === 'chunk-published')
      for (const stage of Object.keys(times) as Stage[]) times[stage] += event.stages[stage];
    membership.listener(event);
  };
  listener({ type: 'run-opened', ...opened });

  const { runId, supersededId } = opened;
  const totals = { users: 0, completed: 0, failed: 0, rowsWritten: 0 };
  const tally = new FailureTally();
  const outcome = (state: RunState): BatchOutcome => {
    const seconds = (performance.now() - startedAt) / 1000;
    return {
      runId,
      supersededId,
      state,
      ...totals,
      seconds: Math.round(seconds * 1000) / 1000,
      usersPerSecond: Math.round(totals.users / seconds),
      recommendations: totals.completed * 10,
      stages: sharesOf(times),
      commonestFailure: tally.commonest,
    };
  };
  const steady = retrying(database, { signal, sleep });
  // For `catalog export --run N`.
  if (engine.catalogFile !== undefined) await steady.keepCatalog(runId, engine.catalogFile);
  if (opened.state !== 'running') return outcome(opened.state);

  const atEnd = retrying(database, { sleep, patienceMs: END_PATIENCE_MS });
  await steady.sweepStaging();
  const pool = createPool(settings.workers, engine.image, message => listener({ type: 'thread-ended', message }));
  const loops = new ClaimLoops(
    {
      database,
      pool,
      leaseSeconds: settings.leaseSeconds,
      checkedUsers: settings.checkedUsers,
      gates: new Gates(database, runId, settings),
      tally,
      listener,
      sleep,
      stopping: signal,
    },
    { runId, processor, fingerprint: engine.fingerprint },
    result => {
      totals.users += decidedOf(result);
      totals.completed += result.completed;
      totals.failed += result.failed;
      totals.rowsWritten += result.rowsWritten;
    },
  );
  try {
    if (pool.usage !== undefined) listener({ type: 'workers-started', usage: () => pool.usage!() });
    const trouble = await loops.work(settings.chunksInFlight);
    if (!signal.aborted && trouble === undefined) await loops.checkLeftOver();
    if (signal.aborted) {
      await atEnd.changeRunState(runId, 'stopped', stopReason(signal));
    } else if (trouble !== undefined) {
      const { code, message } = trouble;
      listener({ type: 'run-left-for-trouble', runId, code, message });
      // A database that is away cannot be told: the run stays as it is, and the next processor goes on.
      const stopped = atEnd.changeRunState(runId, 'stopped', reasonOf(trouble));
      const isTold = await stopped.then(
        () => true,
        () => false,
      );
      if (!isTold) throw trouble;
    }
  } catch (error) {
    if (error instanceof EngineUnusableError) await atEnd.changeRunState(runId, 'stopped', reasonOf(error));
    throw error;
  } finally {
    await pool.close();
    listener({ type: 'workers-stopped' });
  }
  await atEnd.sweepStaging(); // rows of a processor that lost its lease: no publish will read them
  const run = await atEnd.readRun(runId);
  const state = run?.state ?? 'done';
  listener({ type: 'run-closed', runId, state });
  return outcome(state);
}

/** A signal that was aborted with one of our errors says why; any other is a person's, or the system's. */
const stopReason = ({ reason }: AbortSignal): string =>
  reason instanceof CardGeniusError ? reasonOf(reason) : 'stopped by its operator';

/** Each part ÷ their sum, to a thousandth. */
function sharesOf(times: StageTimes): StageTimes {
  const total = Object.values(times).reduce((sum, time) => sum + time, 0);
  const share = (time: number) => (total === 0 ? 0 : Math.round((time / total) * 1_000) / 1_000);
  return {
    claim: share(times.claim),
    read: share(times.read),
    compute: share(times.compute),
    load: share(times.load),
    publish: share(times.publish),
  };
}
