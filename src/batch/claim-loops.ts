import { randomUUID } from 'node:crypto';
import type { BatchDatabase } from '../database/batch.ts';
import { backOff, type RetryOptions, retry, retrying } from '../database/retrying.ts';
import { CardGeniusError, DatabaseError, LeaseLostError, messageOf } from '../model/errors.ts';
import type { ChunkCheck, ChunkResult, ClaimAnswer, ClaimRequest, Lease, PublishRequest } from '../model/run.ts';
import { type ChunkContext, plainText, processChunk } from './chunk-pipeline.ts';
import { Condition } from './condition.ts';
import { undecidable } from './publisher.ts';
import { recoveryOf } from './recovery.ts';

/** How long a loop waits at most before it asks again for a chunk. */
const MAX_WAIT_MS = 1_000;
/** How long writes are tried again while the processor leaves a run. */
export const END_PATIENCE_MS = 5_000;

/** The processor that claims, and the run that it claims from. */
type Claimant = Pick<ClaimRequest, 'runId' | 'processor' | 'fingerprint'>;

/** Asks publish for the counts of a chunk that is closed under our token. */
const COUNTS_ONLY: PublishRequest = { loadNo: null, span: null, failure: null, computeMs: null, loadMs: null };

/** The loops that claim and process; each has one chunk at a time. */
export class ClaimLoops {
  readonly #context: ChunkContext;
  readonly #run: Claimant;
  readonly #onResult: (result: ChunkResult) => void;
  readonly #condition = new Condition();
  /** Tries again while the processor lives; `#atEnd` a few times only, also while it stops. */
  readonly #patient: RetryOptions;
  readonly #steady: BatchDatabase;
  readonly #atEnd: BatchDatabase;
  /** Set by the first loop that meets an error that is not about one chunk: the others stop, too. */
  #failure: unknown;
  /** The trouble of the database for which this processor leaves the run. */
  #trouble: DatabaseError | undefined;
  #over = false;

  constructor(context: ChunkContext, run: Claimant, onResult: (result: ChunkResult) => void) {
    this.#context = context;
    this.#run = run;
    this.#onResult = onResult;
    const { database, stopping, sleep, listener } = context;
    const onRetry = (error: DatabaseError, delayMs: number, operation: string) =>
      listener({
        type: 'step-retried',
        operation,
        code: error.code,
        errorClass: error.errorClass,
        message: error.message,
        delayMs,
      });
    this.#patient = { signal: stopping, sleep, onRetry };
    this.#steady = retrying(database, this.#patient);
    this.#atEnd = retrying(database, { sleep, onRetry, patienceMs: END_PATIENCE_MS });
  }

  /** Until the run is over, or this processor leaves it. Answers the database's trouble where that is why it leaves. */
  async work(loops: number): Promise<DatabaseError | undefined> {
    await Promise.all(Array.from({ length: loops }, () => this.#loop()));
    if (this.#failure !== undefined) throw this.#failure;
    return this.#trouble;
  }

  async #loop(): Promise<void> {
    const { stopping } = this.#context;
    try {
      while (!this.#over && !stopping.aborted) await this.#next();
    } catch (error) {
      if (!stopping.aborted) this.#failure ??= error;
    } finally {
      this.#over = true; // whatever ended this loop ends the others: a closed run, a failure, a stop
      this.#condition.notifyAll();
    }
  }

  async #next(): Promise<void> {
    const { leaseSeconds, listener, stopping } = this.#context;
    const { runId, processor, fingerprint } = this.#run;
    const token = randomUUID();
    const startedAt = performance.now();
    const claim = await this.#pauseIfRefused(() =>
      this.#claim({ runId, processor, token, fingerprint, leaseSeconds }, stopping),
    );

    if (claim === undefined || claim.outcome === 'closed') {
      this.#over = true;
    } else if (claim.outcome === 'wait') {
      const answer = await this.#pauseIfRefused(() => this.#steady.advanceRun(runId));
      if (answer?.outcome === 'planned') listener({ type: 'round-planned' });
      else if (answer === undefined || answer.outcome === 'closed') this.#over = true;
      else await this.#condition.wait(Math.min(MAX_WAIT_MS, Math.max(claim.waitMs, 50)), stopping);
    } else {
      const { chunkNo, users, attempt } = claim;
      listener({ type: 'chunk-claimed', chunkNo, users, attempt });
      await this.#process({ runId, chunkNo, token }, performance.now() - startedAt);
      this.#condition.notifyAll();
    }
  }

  /** A stop while it is unknown whether a chunk is ours: it is asked for once more, and given back. */
  async #claim(request: ClaimRequest, stopping: AbortSignal): Promise<ClaimAnswer> {
    const { database } = this.#context;
    let isUnclear = false;
    const ask = async () => {
      try {
        return await database.claimChunk(request);
      } catch (error) {
        isUnclear ||= error instanceof DatabaseError && error.errorClass === 'ambiguous';
        throw error;
      }
    };
    try {
      return await retry(ask, this.#patient, 'claimChunk');
    } catch (error) {
      if (stopping.aborted && isUnclear) {
        const answer = await retry(
          ask,
          { ...this.#patient, signal: undefined, patienceMs: END_PATIENCE_MS },
          'claimChunk',
        );
        const { runId, token } = request;
        if (answer.outcome === 'claimed') {
          await this.#atEnd.releaseChunk({ runId, chunkNo: answer.chunkNo, token });
        }
      }
      throw error;
    }
  }

  /**
   * A step that belongs to no chunk. Where the database refuses it for good (a full log, a right that is missing, a trigger that
   * refuses a status), the run is paused with the reason, and the answer is undefined: left running, it would meet the same at
   * every start. Where the database is in trouble, this processor leaves the run.
   */
  async #pauseIfRefused<T>(step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      const { fate } = recoveryOf(error, this.#context.stopping.aborted);
      if (fate === 'leave') return this.#leave(error as DatabaseError);
      if (fate !== 'pause' && fate !== 'fail') throw error;
      try {
        await this.#pause(error);
      } catch {
        throw error; // the first error says why; that the pause failed, too, says less
      }
      return undefined;
    }
  }

  async #pause(error: unknown): Promise<void> {
    await this.#atEnd.changeRunState(this.#run.runId, 'paused', reasonOf(error));
  }

  /** The database is in trouble: all loops of this processor end, and the run is left to whichever processor comes first. */
  #leave(error: DatabaseError): undefined {
    this.#trouble ??= error;
    this.#over = true;
  }

  async #process(lease: Lease, claimMs: number): Promise<void> {
    try {
      const result = await processChunk(this.#context, lease, claimMs);
      if (result.completed > 0) await this.#check(lease);
      this.#onResult(result);
    } catch (error) {
      await this.#recover(lease, error);
    }
  }

  /** Looks at what was published: it stands, whatever comes of this. Violations are the run's, and end it with exit code 1. */
  async #check(lease: Lease): Promise<void> {
    const { listener, checkedUsers } = this.#context;
    const { chunkNo } = lease;
    try {
      this.#tell(await this.#atEnd.checkChunk(lease, checkedUsers));
    } catch (error) {
      listener({ type: 'chunk-unchecked', chunkNo, code: codeOf(error), message: plainText(messageOf(error)) });
    }
  }

  /** Checks the chunks whose processor has published and died before it checked. The run does not wait for one that cannot be checked. */
  async checkLeftOver(): Promise<void> {
    const { runId } = this.#run;
    const seen = new Set<number>();
    for (;;) {
      const found = await this.#atEnd
        .checkChunk({ runId, chunkNo: null }, this.#context.checkedUsers)
        .catch(() => undefined);
      if (found === undefined || seen.has(found.chunkNo)) return;
      seen.add(found.chunkNo);
      this.#tell(found);
    }
  }

  #tell(found: ChunkCheck | undefined): void {
    if (found !== undefined && found.violations > 0) this.#context.listener({ type: 'chunk-violated', ...found });
  }

  /** Brings about what recovery.ts says of a chunk that could not be published. */
  async #recover(lease: Lease, error: unknown): Promise<void> {
    const { listener, stopping } = this.#context;
    const { chunkNo } = lease;
    const { fate } = recoveryOf(error, stopping.aborted);
    switch (fate) {
      case 'lost':
        listener({ type: 'lease-lost', chunkNo, ...stuck(error) });
        return;
      case 'release':
        await this.#atEnd.releaseChunk(lease);
        return;
      case 'leave':
        this.#leave(error as DatabaseError);
        // A database that is away cannot be told: the lease runs out by itself.
        await this.#atEnd.releaseChunk(lease).catch(() => {});
        return;
      case 'pause':
        await this.#giveUp(lease, error);
        return;
      case 'stop':
        await this.#atEnd.releaseChunk(lease);
        throw error;
      default:
        await this.#fail(lease, error, fate === 'retry, then fail');
    }
  }

  /** Not the fault of these users: none fails for it. A person removes the cause and resumes. */
  async #giveUp(lease: Lease, reason: unknown): Promise<void> {
    await this.#atEnd.releaseChunk(lease);
    await this.#pause(reason);
  }

  async #fail(lease: Lease, error: unknown, isRetried: boolean): Promise<void> {
    const { listener } = this.#context;
    const { chunkNo } = lease;
    const code = codeOf(error);
    const message = plainText(messageOf(error));
    const failure = { code, message, isRetried, retryAfterSeconds: Math.ceil(backOff('slow', 1) / 1000) };
    let outcome: Awaited<ReturnType<BatchDatabase['failChunk']>>;
    try {
      outcome = await this.#steady.failChunk(lease, failure);
    } catch (refusal) {
      const { fate } = recoveryOf(refusal, this.#context.stopping.aborted);
      if (fate === 'fail')
        return this.#giveUp(lease, undecidable(lease, `its users (${code})`, refusal as DatabaseError));
      return this.#recover(lease, refusal);
    }
    if (outcome === undefined) {
      listener({ type: 'lease-lost', chunkNo });
      return;
    }
    listener({ type: 'chunk-failed', chunkNo, outcome, code, message });
    if (outcome === 'failed') this.#onResult(await this.#steady.publishChunk(lease, COUNTS_ONLY));
  }
}

const stuck = (error: unknown) =>
  error instanceof LeaseLostError && error.stuckSeconds !== undefined ? { stuckSeconds: error.stuckSeconds } : {};

const codeOf = (error: unknown): string => (error instanceof CardGeniusError ? error.code : 'PROCESSOR_FAILED');

/** An error as the reason of a run. */
export const reasonOf = (error: unknown): string => `${codeOf(error)}: ${plainText(messageOf(error))}`;
