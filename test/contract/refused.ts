/** What becomes of a run whose steps the database refuses: a whole processor, but for the threads, on every engine. */
import type { ExecutionContext } from 'ava';
import { type BatchOutcome, processRun } from '../../src/batch/run-batch.ts';
import type { Database } from '../../src/database/database.ts';
import type { LoadedEngine } from '../../src/engine/image.ts';
import { DatabaseError, type ErrorClass } from '../../src/model/errors.ts';
import type { RunProgress } from '../../src/model/run.ts';
import type { SpendingSlice } from '../../src/model/spending.ts';
import {
  type ContractEngine,
  count,
  FINGERPRINT,
  importUsers,
  openRun,
  recommend,
  refuseByTrigger,
  statuses,
  userId,
} from './context.ts';
import type { ContractTests } from './suite.ts';

const SETTINGS = {
  chunkSize: 4,
  workers: 1,
  chunksInFlight: 1,
  checkedUsers: 2_000,
  leaseSeconds: 60,
  maxRounds: 3,
  maxFailedShare: 1,
  minEligibleShare: 0,
  maxFirstCardChangedShare: 1,
};

interface Circumstances {
  /** Operations of the port that answer otherwise. */
  readonly instead?: Partial<Database>;
  readonly signal?: AbortSignal;
  readonly chunkSize?: number;
  readonly compute?: (chunk: SpendingSlice) => ReturnType<typeof recommend>;
}

/** Opens or joins the run, and works on it until it is over or paused. */
async function work(
  engine: ContractEngine,
  { instead = {}, signal = new AbortController().signal, compute = recommend, chunkSize = 4 }: Circumstances = {},
): Promise<BatchOutcome> {
  const database = new Proxy(engine.database, {
    get(target, name) {
      const value: unknown = Reflect.get(instead, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const run = await openRun(engine, { chunkSize });
  const pool = { compute: async (chunk: SpendingSlice) => [compute(chunk)], close: async () => {} };
  return processRun(database, {
    settings: SETTINGS,
    processor: 'suite',
    engine: { fingerprint: FINGERPRINT, image: { kind: 'own' } } as LoadedEngine,
    run,
    listener: () => {},
    signal,
    surroundings: { createPool: () => pool, sleep: async () => {} },
  });
}

async function isPaused(t: ExecutionContext, { database }: ContractEngine, outcome: BatchOutcome, reason: RegExp) {
  t.is(outcome.state, 'paused');
  const run: RunProgress | undefined = await database.readRun(outcome.runId);
  t.regex(run?.reason ?? '', reason);
  t.is(run?.chunksLeased, 0, 'no processor waits for a lease');
}

/** The operator has mended the cause: everybody is served. */
async function goesOn(t: ExecutionContext, engine: ContractEngine, { runId }: BatchOutcome, users: number) {
  await engine.database.changeRunState(null, 'running', '');
  t.like(await work(engine), { runId, state: 'done' });
  t.deepEqual(await statuses(engine), Array(users).fill('completed'));
  t.is(await count(engine, 'card_recommendations'), users * 10);
}

const said = (errorClass: ErrorClass) => new DatabaseError('MSSQL_9002', 'the log is full', errorClass);
const fails = (errorClass: ErrorClass) => () => Promise.reject(said(errorClass));

export const refusedContract: ContractTests = {
  'refused: a user who may not become pending pauses the run with the reason': async (t, engine) => {
    await importUsers(engine, 6);
    const condition = `{row}.user_id = '${userId(2)}' AND {row}.processing_status = 'pending'`;
    const drop = await refuseByTrigger(engine, 'user_spending_data', condition);
    let outcome: BatchOutcome;
    try {
      outcome = await work(engine);
      await isPaused(t, engine, outcome, /^(MSSQL_51000|POSTGRES_MY001): not this one/);
    } finally {
      await drop();
    }
    await goesOn(t, engine, outcome, 6);
  },

  'refused: a user who may become neither completed nor failed is named, and all others are decided': async (
    t,
    engine,
  ) => {
    await importUsers(engine, 4);
    const condition = `{row}.user_id = '${userId(3)}' AND {row}.processing_status IN ('completed', 'failed')`;
    const drop = await refuseByTrigger(engine, 'user_spending_data', condition);
    let outcome: BatchOutcome;
    try {
      outcome = await work(engine);
      await isPaused(
        t,
        engine,
        outcome,
        /^REFUSED_DECISION: chunk 1 of run \d+, user number 3: .*cardgenius errors has the user_id.* said (MSSQL_51000|POSTGRES_MY001)\)$/,
      );
      t.deepEqual(await statuses(engine), ['completed', 'completed', 'pending', 'completed']);
      t.is(await count(engine, 'cardgenius.chunk_user', `user_no = 3 AND user_id = '${userId(3)}'`), 1);
    } finally {
      await drop();
    }
    await goesOn(t, engine, outcome, 4);
  },

  'refused: a chunk whose users may not become failed is named': async (t, engine) => {
    await importUsers(engine, 4);
    const condition = `{row}.user_id = '${userId(3)}' AND {row}.processing_status = 'failed'`;
    const drop = await refuseByTrigger(engine, 'user_spending_data', condition);
    const compute = () => {
      throw said('data');
    };
    let outcome: BatchOutcome;
    try {
      outcome = await work(engine, { compute });
      await isPaused(
        t,
        engine,
        outcome,
        /^REFUSED_DECISION: chunk 1 of run \d+, its users \(MSSQL_9002\): .* said (MSSQL_51000|POSTGRES_MY001)\)$/,
      );
      t.deepEqual(await statuses(engine), Array(4).fill('pending'));
    } finally {
      await drop();
    }
    await goesOn(t, engine, outcome, 4);
  },

  'refused: where the database refuses most users of a chunk, the reason has its code and none of its words': async (
    t,
    engine,
  ) => {
    await importUsers(engine, 55);
    const drop = await refuseByTrigger(engine, 'card_recommendations', '{row}.rank = 1', { sqlState: 'P0001' });
    let outcome: BatchOutcome;
    try {
      outcome = await work(engine, { chunkSize: 55 });
      const reason = /^REFUSED_SYSTEMICALLY: .* 50 users of chunk 1, the last one with (MSSQL_51000|POSTGRES_P0001) \(/;
      await isPaused(t, engine, outcome, reason);
      t.notRegex((await engine.database.readRun(outcome.runId))?.reason ?? '', /not this one/);
    } finally {
      await drop();
    }
  },

  'refused: a claim or a next round that fails for good pauses the run': async (t, engine) => {
    let round = 0;
    for (const operation of ['claimChunk', 'advanceRun'] as const) {
      for (const errorClass of ['exhausted', 'permanent'] as const) {
        await importUsers(engine, 4, n => n * 100 + round);
        const outcome = await work(engine, { instead: { [operation]: fails(errorClass) } });
        await isPaused(t, engine, outcome, /^MSSQL_9002: the log is full/);
        await goesOn(t, engine, outcome, 4);
        round++;
      }
    }
  },

  'refused: where not even the pause can be written down, the first reason is told': async (t, engine) => {
    await importUsers(engine, 4);
    const changeRunState = () => Promise.reject(new DatabaseError('MSSQL_229', 'no right', 'permanent'));
    const instead = { claimChunk: fails('exhausted'), changeRunState };
    await t.throwsAsync(work(engine, { instead }), { code: 'MSSQL_9002' });
  },

  'refused: a stop while it is unknown whether a chunk is ours gives it back': async (t, engine) => {
    await importUsers(engine, 4);
    for (const side of ['before', 'after'] as const) {
      const stop = new AbortController();
      let calls = 0;
      const claimChunk: Database['claimChunk'] = async request => {
        if (++calls > 1) return engine.database.claimChunk(request);
        if (side === 'after') await engine.database.claimChunk(request);
        stop.abort();
        throw new DatabaseError('ETIMEOUT', 'no answer', 'ambiguous');
      };
      const outcome = await work(engine, { instead: { claimChunk }, signal: stop.signal });
      t.is(outcome.state, 'stopped', side);
      t.like(await engine.database.readRun(outcome.runId), { chunksLeased: 0, chunksOpen: 1 });
    }
  },

  'refused: trouble of the database that stays stops the run: no user fails, and the next processor goes on': async (
    t,
    engine,
  ) => {
    let round = 0;
    for (const operation of ['readChunk', 'beginLoad', 'stage', 'publishChunk', 'claimChunk', 'advanceRun'] as const) {
      for (const errorClass of ['transient', 'ambiguous'] as const) {
        await importUsers(engine, 4, n => n * 100 + round++);
        const outcome = await work(engine, { instead: { [operation]: fails(errorClass) } });
        t.like(outcome, { state: 'stopped', failed: 0 }, `${operation} ${errorClass}`);
        const run = await engine.database.readRun(outcome.runId);
        t.like(run, { chunksLeased: 0, failed: 0, failures: 0 }, `${operation} ${errorClass}`);
        t.regex(run?.reason ?? '', /^MSSQL_9002: /);
        t.deepEqual(await statuses(engine).then(all => all.includes('failed')), false);
        t.like(await work(engine), { runId: outcome.runId, state: 'done' });
        t.deepEqual(await statuses(engine), Array(4).fill('completed'));
      }
    }
  },

  'refused: where the database is away at the end, its own error is thrown, and the run can be taken up': async (
    t,
    engine,
  ) => {
    await importUsers(engine, 4);
    const instead = { claimChunk: fails('ambiguous'), changeRunState: fails('ambiguous') };
    await t.throwsAsync(work(engine, { instead }), { code: 'MSSQL_9002' });
    t.like(await work(engine), { state: 'done', completed: 4 });
  },

  'refused: the last renewal before publish is tried again': async (t, engine) => {
    await importUsers(engine, 4);
    let calls = 0;
    const renewLease: Database['renewLease'] = async (...args) => {
      if (++calls === 1) throw said('transient');
      return engine.database.renewLease(...args);
    };
    t.like(await work(engine, { instead: { renewLease } }), { state: 'done', completed: 4 });
    t.is(calls, 2);
    t.is(await count(engine, 'cardgenius.chunk', 'failures > 0'), 0);
  },
};
