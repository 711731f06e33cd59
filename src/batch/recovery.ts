import { EngineUnusableError } from '../engine/image.ts';
import { CardGeniusError, DatabaseError, type ErrorClass, LeaseLostError } from '../model/errors.ts';

/**
 * What becomes of a chunk that could not be published, and of a step outside any chunk that could not be done.
 *
 * - `lost`: another processor has the chunk. Nothing is written.
 * - `release`: the chunk is given back as it was claimed; this attempt does not count.
 * - `leave`: the chunk is given back, and this processor leaves the run, which is then `stopped`: `serve` resumes it by itself.
 * - `stop`: the same, but this processor ends with the reason.
 * - `pause`: the chunk is given back, and the run waits for a person, with the reason.
 * - `fail`: the chunk's users become `failed` at once.
 * - `retry, then fail`: the attempt counts; after the third the chunk's users become `failed`.
 */
export type Fate = 'lost' | 'release' | 'leave' | 'stop' | 'pause' | 'fail' | 'retry, then fail';

/** A reason to pause the run: nothing is wrong with this chunk alone, and a person should look before more is published. */
export class PauseRun extends CardGeniusError {}

/** A row of the table: the first that fits an error decides. */
export interface Recovery {
  /** For the documents. */
  readonly error: string;
  readonly fits: (error: unknown, stopping: boolean) => boolean;
  readonly fate: Fate;
}

const isOf =
  (...classes: readonly ErrorClass[]) =>
  (error: unknown): boolean =>
    error instanceof DatabaseError && classes.includes(error.errorClass);

export const RECOVERY: readonly Recovery[] = [
  {
    error: '`LEASE_LOST`: the lease ran out, or another processor has the chunk',
    fits: error => error instanceof LeaseLostError,
    fate: 'lost', // the other processor does the work
  },
  {
    error: 'anything, while the processor stops',
    fits: (_error, stopping) => stopping,
    fate: 'release', // the next processor claims it at once
  },
  {
    error: 'no thread can make the engine of the run (`ENGINE_CHANGED`, `ENGINE_INVALID`)',
    fits: error => error instanceof EngineUnusableError,
    fate: 'stop', // the next chunk would meet the same
  },
  {
    error:
      'a gate is closed (`GATE_…`), or the database refuses too many users, or their change to `failed` (`REFUSED_…`)',
    fits: error => error instanceof PauseRun,
    fate: 'pause', // a person has to look
  },
  {
    error: 'permanent: a right or an object is missing (229, 208, 2812; 42501, 42P01)',
    fits: isOf('permanent'),
    fate: 'pause', // each attempt would meet the same
  },
  {
    error: 'exhausted: disk or log is full (9002, 1105; 53100)',
    fits: isOf('exhausted'),
    fate: 'pause', // each attempt would make it worse
  },
  {
    error: 'transient or ambiguous: deadlock, throttle, failover, time-out, broken connection',
    fits: isOf('transient', 'ambiguous'),
    fate: 'leave', // the database is in trouble, not the users
  },
  {
    error: 'data: the database refuses a row that no halving can single out (2627, 8115; 22003, 23505)',
    fits: isOf('data'),
    fate: 'fail', // the users have this data until CashKaro changes it
  },
  {
    error: 'anything else: the engine threw, or its thread ended',
    fits: () => true,
    fate: 'retry, then fail', // it may have been this attempt alone
  },
];

/** The row that decides about an error. */
export function recoveryOf(error: unknown, stopping: boolean): Recovery {
  return RECOVERY.find(({ fits }) => fits(error, stopping))!;
}
