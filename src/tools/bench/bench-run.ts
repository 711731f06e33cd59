import { randomUUID } from 'node:crypto';
import type { BatchListener, Stage } from '../../batch/events.ts';
import type { Settings } from '../../config/settings.ts';
import type { BatchDatabase } from '../../database/batch.ts';
import { PostgresMigrationTarget } from '../../database/postgres/postgres-migration-target.ts';
import { openEngine } from '../../engine/open-engine.ts';
import type { RecommendationSlice } from '../../model/recommendation.ts';
import type { Lease } from '../../model/run.ts';
import { populate, runOnce } from './population.ts';
import { logBytesOf, measureRaw } from './raw.ts';
import { timed } from './rounds.ts';
import { type ScratchDatabase, type ScratchPlace, scratchDatabase } from './scratch-database.ts';

export interface RunFigures {
  /** Users a second of whole runs, round by round. */
  readonly run: readonly number[];
  /** Of the floor in the same rounds. */
  readonly floor: readonly number[];
  /** Mean milliseconds of a chunk in each stage, over all rounds. */
  readonly stages: Readonly<Record<Stage, number>>;
  /** Calls of the database for each chunk, all of a run's counted. */
  readonly callsPerChunk: number;
  /** Beside a plain COPY of the same final rows; empty on SQL Server, where it is not measured. */
  readonly raw: readonly AgainstRaw[];
}

/** A run of a round beside a raw load of its rows. */
export interface RawRatios {
  /** Seconds of the raw load ÷ those of the run. */
  readonly timeRatio: number;
  /** Bytes of log (WAL) of the run ÷ those of the raw load. */
  readonly logRatio: number;
}

/** The same into a table with the contract's key alone, and with all that slows the contract table itself down. */
export interface AgainstRaw extends RawRatios {
  /** Bytes of log (WAL) a user. */
  readonly logBytesPerUser: number;
  readonly asMade: RawRatios;
}

/** A whole run over the users of a database, and how many bytes of log it made; undefined on SQL Server. */
export async function runWithLog(
  scratch: ScratchDatabase,
  settings: Settings,
  expected: number,
  listener: BatchListener = () => {},
): Promise<{ seconds: number; calls: number; raw: AgainstRaw | undefined }> {
  let calls = 0;
  const counted = new Proxy(scratch.database, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        calls++;
        return member.apply(target, args);
      };
    },
  });
  let seconds = 0;
  const run = async () => {
    seconds = await timed(() => runOnce(counted, settings, { expected, listener }));
  };
  if (!(scratch.target instanceof PostgresMigrationTarget)) {
    await run();
    return { seconds, calls, raw: undefined };
  }
  const { client } = scratch.target;
  const logBytes = await logBytesOf(client, run);
  const { runId } = (await scratch.database.readRun(null))!;
  const against = async (table: 'key' | 'asMade'): Promise<RawRatios> => {
    const raw = await measureRaw(client, runId, table);
    return { timeRatio: raw.seconds / seconds, logRatio: logBytes / raw.logBytes };
  };
  return {
    seconds,
    calls,
    raw: { ...(await against('key')), logBytesPerUser: logBytes / expected, asMade: await against('asMade') },
  };
}

/**
 * A whole run (plan, claim, read, compute, load, publish) and its floor: what the database alone needs for the same rows by
 * the same statements, chunks claimed and rows computed beforehand, then load and publish only, as many chunks in flight.
 * Each on a fresh, warm database with the same users, in turn.
 */
export async function measureRun(
  place: ScratchPlace,
  settings: Settings,
  users: number,
  rounds: number,
): Promise<RunFigures> {
  const run: number[] = [];
  const floor: number[] = [];
  const stages: Record<Stage, number> = { claim: 0, read: 0, compute: 0, load: 0, publish: 0 };
  const raw: AgainstRaw[] = [];
  let chunks = 0;
  let calls = 0;
  for (let round = 0; round < rounds; round++) {
    floor.push(users / (await floorSeconds(place, settings, users)));
    await using scratch = await scratchDatabase(place);
    await populate(scratch.database, settings, users);
    const taken = await runWithLog(scratch, settings, users, event => {
      if (event.type !== 'chunk-published') return;
      chunks++;
      for (const stage of Object.keys(stages) as Stage[]) stages[stage] += event.stages[stage];
    });
    run.push(users / taken.seconds);
    calls += taken.calls;
    if (taken.raw !== undefined) raw.push(taken.raw);
  }
  for (const stage of Object.keys(stages) as Stage[]) stages[stage] /= chunks;
  return { run, floor, stages, callsPerChunk: calls / chunks, raw };
}

interface Prepared {
  readonly lease: Lease;
  readonly slice: RecommendationSlice;
}

async function floorSeconds(place: ScratchPlace, settings: Settings, users: number): Promise<number> {
  await using scratch = await scratchDatabase(place);
  const { database } = scratch;
  await populate(database, settings, users);
  const prepared = await prepare(database, settings);
  return await timed(() =>
    Promise.all(
      Array.from({ length: settings.chunksInFlight }, async () => {
        for (let next = prepared.shift(); next !== undefined; next = prepared.shift()) {
          const loadNo = (await database.beginLoad(next.lease))!;
          await database.stage(loadNo, [next.slice]);
          const request = { loadNo, span: null, failure: null, computeMs: 0, loadMs: 0 };
          await database.publishChunk(next.lease, request);
          await database.endLoad(loadNo);
        }
      }),
    ),
  );
}

async function prepare(database: BatchDatabase, settings: Settings): Promise<Prepared[]> {
  await using engine = await openEngine(settings);
  const { fingerprint } = engine;
  const { runId } = await database.openRun({
    kind: 'batch',
    engineName: engine.name,
    engineVersion: engine.version,
    fingerprint,
    cards: engine.cards,
    chunkSize: settings.chunkSize,
    userLimit: null,
    maxRounds: 1,
    requestedBy: 'bench',
    deadlineAt: null,
  });
  const prepared: Prepared[] = [];
  for (;;) {
    const token = randomUUID();
    const claim = await database.claimChunk({ runId, processor: 'bench', token, fingerprint, leaseSeconds: 3_600 });
    if (claim.outcome !== 'claimed') return prepared;
    const lease = { runId, chunkNo: claim.chunkNo, token };
    prepared.push({ lease, slice: await engine.recommend(await database.readChunk(lease)) });
  }
}
