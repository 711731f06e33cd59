import { randomUUID } from 'node:crypto';
import { backOff, retry } from '../database/retry.ts';
import { EngineUnusableError } from '../engine/image.ts';
import { CardGeniusError, DatabaseError, LeaseLostError, messageOf } from '../model/errors.ts';
import type { ChunkResult, ClaimAnswer, ClaimRequest, Lease, PublishRequest } from '../model/run.ts';
import { type ChunkContext, plainText, processChunk } from './chunk-pipeline.ts';
import { GateError } from './gates.ts';
import { isRefusal, SystemicError, UndecidableError } from './publisher.ts';
import { Waker } from './waker.ts';

/** How long to wait at most before asking again whether there is something to claim. */
const MAX_WAIT_MS = 1_000;

/** As whom this process claims from which run. */
type Membership = Pick<ClaimRequest, 'runId' | 'processor' | 'fingerprint'>;

/** Of a chunk that is closed under our token, publish only tells the counts. */
const NOTHING: PublishRequest = { loadNo: null, span: null, failure: null, computeMs: null, loadMs: null };

/** The loops that claim and process; each has one chunk at a time. */
export class Crew {
  readonly #context: ChunkContext;
  readonly #run: Membership;
  readonly #onResult: (result: ChunkResult) => void;
  readonly #waker = new Waker();
  /** Set by the first loop that meets something no chunk can answer for: the others stop, too. */
  #failure: unknown;
  #over = false;

  constructor(context: ChunkContext, run: Membership, onResult: (result: ChunkResult) => void) {
    this.#context = context;
    this.#run = run;
    this.#onResult = onResult;
  }

  async work(loops: number): Promise<void> {
    await Promise.all(Array.from({ length: loops }, () => this.#loop()));
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #loop(): Promise<void> {
    const { stopping } = this.#context;
    try {
      while (!this.#over && !stopping.aborted) await this.#next();
    } catch (error) {
      if (!stopping.aborted) this.#failure ??= error;
    } finally {
      this.#over = true; // whatever ended this loop ends the others: a closed run, a failure, a stop
      this.#waker.wakeAll();
    }
  }

  async #next(): Promise<void> {
    const { database, leaseSeconds, listener, stopping } = this.#context;
    const { runId, processor, fingerprint } = this.#run;
    const token = randomUUID();
    const startedAt = performance.now();
    const claim = await this.#orPause(() =>
      this.#claim({ runId, processor, token, fingerprint, leaseSeconds }, stopping),
    );

    if (claim === undefined || claim.outcome === 'closed') {
      this.#over = true;
    } else if (claim.outcome === 'wait') {
      const answer = await this.#orPause(() => retry(() => database.advanceRun(runId), { signal: stopping }));
      if (answer?.outcome === 'planned') listener({ type: 'round-planned' });
      else if (answer === undefined || answer.outcome === 'closed') this.#over = true;
      else await this.#waker.sleep(Math.min(MAX_WAIT_MS, Math.max(claim.waitMs, 50)), stopping);
    } else {
      const { chunkNo, users, attempt } = claim;
      listener({ type: 'chunk-claimed', chunkNo, users, attempt });
      await this.#process({ runId, chunkNo, token }, performance.now() - startedAt);
      this.#waker.wakeAll();
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
      return await retry(ask, { signal: stopping });
    } catch (error) {
      if (stopping.aborted && isUnclear) {
        const answer = await retry(ask);
        const { runId, token } = request;
        if (answer.outcome === 'claimed') {
          await retry(() => database.releaseChunk({ runId, chunkNo: answer.chunkNo, token }));
        }
      }
      throw error;
    }
  }

  /**
   * A step that belongs to no chunk. Where the database refuses it for good (a full log, a right that is missing, a trigger that
   * refuses a status), the run is paused with the reason, and the answer is undefined: left running, it would meet the same at every start.
   */
  async #orPause<T>(step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      if (!isForGood(error) && !isRefusal(error)) throw error;
      try {
        await this.#pause(error);
      } catch {
        throw error; // says more than why it could not be written down
      }
      return undefined;
    }
  }

  async #pause(error: unknown): Promise<void> {
    const { database } = this.#context;
    const reason = `${codeOf(error)}: ${plainText(messageOf(error))}`;
    await retry(() => database.changeRunState(this.#run.runId, 'paused', reason));
  }

  async #process(lease: Lease, claimMs: number): Promise<void> {
    try {
      this.#onResult(await processChunk(this.#context, lease, claimMs));
    } catch (error) {
      await this.#mend(lease, error);
    }
  }

  /** What becomes of a chunk that could not be published. */
  async #mend(lease: Lease, error: unknown): Promise<void> {
    const { database, listener, stopping } = this.#context;
    const { chunkNo } = lease;
    if (error instanceof LeaseLostError) {
      listener({ type: 'lease-lost', chunkNo });
      return;
    }
    if (stopping.aborted) {
      await retry(() => database.releaseChunk(lease));
      return;
    }

    if (error instanceof EngineUnusableError) {
      await retry(() => database.releaseChunk(lease));
      throw error; // no user is to blame, and the next chunk would meet the same
    }

    const giveUp = async (reason: unknown) => {
      // Not the fault of these users: nobody is failed for it. An operator mends the cause and resumes.
      await retry(() => database.releaseChunk(lease));
      await this.#pause(reason);
    };
    const isOurs = error instanceof SystemicError || error instanceof UndecidableError || error instanceof GateError;
    if (isOurs || isForGood(error)) return giveUp(error);

    const code = codeOf(error);
    const message = plainText(messageOf(error));
    const failure = { code, message, mayPass: !isRefusal(error), retryAfterSeconds: Math.ceil(backOff(4) / 1000) };
    let outcome: Awaited<ReturnType<typeof database.failChunk>>;
    try {
      outcome = await retry(() => database.failChunk(lease, failure));
    } catch (refusal) {
      if (isForGood(refusal)) return giveUp(refusal);
      if (isRefusal(refusal)) return giveUp(new UndecidableError(lease, `its users (${code})`, refusal));
      throw refusal;
    }
    if (outcome === undefined) {
      listener({ type: 'lease-lost', chunkNo });
      return;
    }
    listener({ type: 'chunk-failed', chunkNo, outcome, code, message });
    if (outcome === 'failed') this.#onResult(await retry(() => database.publishChunk(lease, NOTHING)));
  }
}

const codeOf = (error: unknown): string => (error instanceof CardGeniusError ? error.code : 'PROCESSOR_FAILED');

/** What an operator must mend first. */
const isForGood = (error: unknown): boolean =>
  error instanceof DatabaseError && (error.errorClass === 'permanent' || error.errorClass === 'exhausted');
