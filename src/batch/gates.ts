import type { BatchDatabase } from '../database/batch.ts';
import { LeaseLostError } from '../model/errors.ts';
import { percent } from '../model/format.ts';
import type { UserFailure } from '../model/recommendation.ts';
import type { Lease } from '../model/run.ts';
import { FailureTally } from './failure-tally.ts';
import { PauseRun } from './recovery.ts';

/** From how many users on a share says something. */
export const MIN_USERS = 1_000;
/** How many users of each chunk have their first card compared: twice MIN_USERS, because some had no card before. */
const FIRST_CARDS_LOOKED_AT = 2_000;

/**
 * How many users with cards make a share of changed first cards count: a run of few users is judged with half of those that it planned, since some
 * of them fail and some have no cards yet.
 */
export const leastKnown = (planned: number): number => Math.max(1, Math.min(MIN_USERS, Math.ceil(planned / 2)));

/** The limits of the gates, as shares from 0 to 1. */
export interface GateLimits {
  /** The share of computed users that may have failed. */
  readonly maxFailedShare: number;
  /** How many users this run must have, as a share of those of the run before; 0 turns the gate off. */
  readonly minEligibleShare: number;
  /** The share of users with cards that may be given another first card; 1 turns the gate off. */
  readonly maxFirstCardChangedShare: number;
}

/** What a shut gate saw. Where to look and how to go on: model/codes.ts. */
const shut = (code: 'GATE_FAILED_SHARE' | 'GATE_FEWER_ELIGIBLE' | 'GATE_FIRST_CARDS', message: string) =>
  new PauseRun(code, message);

type GateDatabase = Pick<BatchDatabase, 'readRun' | 'sumOutcomes' | 'comparePlans' | 'compareFirstCards'>;

/**
 * Checks a chunk of a run before it is published. Each gate throws PauseRun where it is shut and no operator has accepted that:
 * the run is paused then. A dry run publishes nothing, and passes them all.
 */
export class Gates {
  readonly #database: GateDatabase;
  readonly #runId: number;
  readonly #limits: GateLimits;
  /** Asked once a run, and shared by all that `through` makes: whether its plan is good, and from how many users on a share counts. */
  readonly #plan: { isGood: boolean; least?: number };

  constructor(
    database: GateDatabase,
    runId: number,
    limits: GateLimits,
    plan: { isGood: boolean; least?: number } = { isGood: false },
  ) {
    this.#database = database;
    this.#runId = runId;
    this.#limits = limits;
    this.#plan = plan;
  }

  /** The same gates, which ask another view of the database: one that tries again on behalf of a chunk. */
  through(database: GateDatabase): Gates {
    return new Gates(database, this.#runId, this.#limits, this.#plan);
  }

  /** Before the run's first chunk of this processor is read: has it far fewer users than the run before? */
  async passPlan(): Promise<void> {
    const { minEligibleShare } = this.#limits;
    if (minEligibleShare === 0 || this.#plan.isGood) return;
    const plans = await this.#database.comparePlans(this.#runId);
    if (plans !== undefined && plans.planned < plans.before * minEligibleShare && !(await this.#isOpen())) {
      throw shut(
        'GATE_FEWER_ELIGIBLE',
        `${plans.planned} users are due, and the run before had ${plans.before}; the limit is ${percent(minEligibleShare)} of them.`,
      );
    }
    this.#plan.isGood = true;
  }

  /** Before a chunk is loaded: the share of failed users over the whole run, this chunk's included. */
  async passFailures(chunk: {
    readonly chunkNo: number;
    readonly users: number;
    readonly failures: readonly UserFailure[];
  }): Promise<void> {
    const { maxFailedShare } = this.#limits;
    const commonest = new FailureTally().add(chunk.failures).commonest;
    if (commonest === undefined) return; // a chunk without a failure cannot make the share worse
    const run = await this.#database.sumOutcomes(this.#runId);
    if (run === undefined || run.gateAccepted || run.kind === 'dry_run') return;
    const failed = run.failed + chunk.failures.length;
    const users = run.completed + run.failed + chunk.users;
    if (users < MIN_USERS || failed / users <= maxFailedShare) return;
    // Said here, because nothing of this chunk is written. Only the code and a user number, because the text of a failure quotes
    // spends, and this reason goes to the page and to every channel.
    const { code, users: alike, example } = commonest;
    throw shut(
      'GATE_FAILED_SHARE',
      `${failed} of the first ${users} users have failed, ${percent(failed / users)}; the limit is ${percent(maxFailedShare)}. ` +
        `Most in chunk ${chunk.chunkNo} (${alike}): ${code}, e.g. user number ${example.userNo}.`,
    );
  }

  /** Before a chunk that is loaded is published: the share of users whose first card would be another one, over the run. */
  async passFirstCards(lease: Lease, loadNo: number): Promise<void> {
    const { maxFirstCardChangedShare: limit } = this.#limits;
    if (limit === 1) return;
    const seen = await this.#database.compareFirstCards(lease, loadNo, FIRST_CARDS_LOOKED_AT);
    if (seen === undefined) throw new LeaseLostError(`chunk ${lease.chunkNo} was taken over after its load`);
    const { known, changed } = seen;
    if (known < (await this.#leastKnown()) || changed / known <= limit || (await this.#isOpen())) return;
    throw shut(
      'GATE_FIRST_CARDS',
      `${changed} of ${known} users looked at would be given another first card, ${percent(changed / known)}; the limit is ` +
        `${percent(limit)}.`,
    );
  }

  async #leastKnown(): Promise<number> {
    this.#plan.least ??= leastKnown((await this.#database.readRun(this.#runId))?.plannedUsers ?? 2 * MIN_USERS);
    return this.#plan.least;
  }

  /** Whether an operator has accepted the gate, or the run publishes nothing anyway. */
  async #isOpen(): Promise<boolean> {
    const run = await this.#database.sumOutcomes(this.#runId);
    return run === undefined || run.gateAccepted || run.kind === 'dry_run';
  }
}
