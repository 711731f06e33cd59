/**
 * Errors that a person reads. Each has a stable `code`, says what happened and what to do about it, and knows
 * with which exit code the command ends and whether trying again can help.
 */
import type { UsageCode } from './codes.ts';

/** With which code a command ends. */
export const EXIT = {
  /** Done, or nothing to do. */
  done: 0,
  /** Failed, or the run was cancelled: the next `run` plans a new one. */
  failed: 1,
  /** Wrong usage, configuration, catalogue or file: nothing was changed. */
  usage: 2,
  /** Done, but more users failed than `errorRateLimit` allows. */
  errorRate: 3,
  /** Stopped or paused: work is left. */
  stopped: 4,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * What a retry can do about an error.
 *
 * - `transient`: the same step may pass a moment later (deadlock, service busy).
 * - `ambiguous`: the answer was lost; the step may have been done. Ask again with the same token.
 * - `exhausted`: log or disk is full. Trying again would make it worse: the run pauses.
 * - `data`: the database refuses a row. The chunk goes on without it.
 * - `permanent`: trying again gives the same answer.
 */
export type ErrorClass = 'transient' | 'ambiguous' | 'exhausted' | 'data' | 'permanent';

export class CardGeniusError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;

  constructor(code: string, message: string, options: ErrorOptions & { exitCode?: ExitCode } = {}) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}

/** The command line, the configuration or the catalogue is wrong: nothing was touched. */
export class UsageError extends CardGeniusError {
  declare readonly code: UsageCode;

  constructor(code: UsageCode, message: string, options: ErrorOptions = {}) {
    super(code, message, { ...options, exitCode: EXIT.usage });
  }
}

/**
 * How soon a later attempt may help: `quick` where another session was in the way (a deadlock), `slow` where the server or the
 * network needs time (throttle, failover, broken connection), `login` where a login is refused that was accepted before.
 */
export type Pace = 'quick' | 'slow' | 'login';

/** Something that the database said. `errorClass` decides what the batch does next. */
export class DatabaseError extends CardGeniusError {
  readonly errorClass: ErrorClass;
  readonly pace: Pace;

  constructor(
    code: string,
    message: string,
    errorClass: ErrorClass,
    options: ErrorOptions & { exitCode?: ExitCode; pace?: Pace } = {},
  ) {
    super(code, message, options);
    this.errorClass = errorClass;
    this.pace = options.pace ?? (errorClass === 'ambiguous' ? 'slow' : 'quick');
  }
}

/** Another processor has the chunk now: an expected outcome. Nothing was written; stop quietly. */
export class LeaseLostError extends CardGeniusError {
  /** For so long nothing had moved: the lease has run out for that. */
  readonly stuckSeconds: number | undefined;

  constructor(message: string, options: ErrorOptions & { stuckSeconds?: number | undefined } = {}) {
    super('LEASE_LOST', message, options);
    this.stuckSeconds = options.stuckSeconds;
  }
}

/** The message of anything that was thrown: undefined, null, and what cannot even be read among it. Never throws. */
export function messageOf(error: unknown): string {
  try {
    const { message } = (error ?? {}) as { message?: unknown };
    return typeof message === 'string' && message !== '' ? message : String(error);
  } catch {
    return 'something that cannot be read';
  }
}

/** What code that is not ours has thrown, as an Error whose class, code and message can be read; an Error stays the one that it is. */
export function errorOf(thrown: unknown): Error & { readonly code?: unknown } {
  try {
    const { code, message } = thrown as Error & { code?: unknown };
    if (thrown instanceof Error && typeof message === 'string') return thrown;
    return Object.assign(new Error(messageOf(thrown)), { code });
  } catch {
    return new Error(messageOf(thrown));
  }
}

const WHY_UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a folder',
  ENOTDIR: 'is no folder',
  EACCES: 'may not be read by this user',
};

/** Why a file or folder could not be read, to be put behind its name. */
export const unreadable = (error: unknown): string =>
  WHY_UNREADABLE[(error as NodeJS.ErrnoException).code ?? ''] ?? `cannot be read (${messageOf(error)})`;
