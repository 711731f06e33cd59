import { DatabaseError } from '../model/errors.ts';

const MINUTE_MS = 60_000;
/** How many tries a refused login has, the first included: one a minute for five minutes, and none after that. */
const MAX_TRIES = 5;

/**
 * Keeps the pools of a process from locking an account. A login that is refused at the start is permanent. One that was accepted
 * before may be refused because the server recovers, or because the password was rotated, which the server counts as attacks: it is
 * tried once a minute for five minutes, by one request at a time, and never again after that.
 */
export class LoginGuard {
  readonly #clock: () => number;
  #wasAccepted = false;
  #refusal: DatabaseError | undefined;
  #refusals = 0;
  #refusedAt = 0;
  #nextTryAt = 0;

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** A connection was made. */
  accepted(): void {
    this.#wasAccepted = true;
    this.#refusal = undefined;
    this.#refusals = 0;
  }

  /** Call before a connection is made. Throws the last refusal where the time for another try has not come. */
  beforeTry(): void {
    if (this.#refusal === undefined) return;
    if (this.#refusals >= MAX_TRIES || this.#clock() < this.#nextTryAt) throw this.#refusal;
    this.#nextTryAt = this.#clock() + MINUTE_MS; // this request tries; all others wait for the next minute
  }

  /** The server refused the login: the error as it is from now on. `forGood`: locked, disabled or expired. */
  refused(error: DatabaseError, forGood = false): DatabaseError {
    const { code, message, cause } = error;
    if (!this.#wasAccepted || forGood) return error;
    const now = this.#clock();
    if (this.#refusal === undefined || now - this.#refusedAt >= MINUTE_MS) {
      this.#refusals++; // connections that were made at the same time are one try
      this.#refusedAt = now;
    }
    this.#nextTryAt = Math.max(this.#nextTryAt, now + MINUTE_MS);
    const isOver = this.#refusals >= MAX_TRIES;
    this.#refusal = new DatabaseError(
      code,
      isOver
        ? `${message} The login worked before, and was refused for five minutes: no more tries, so that it is not locked.`
        : message,
      isOver ? 'permanent' : 'transient',
      { cause, pace: 'login' },
    );
    return this.#refusal;
  }
}
