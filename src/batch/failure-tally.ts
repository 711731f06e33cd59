import type { UserFailure } from '../model/recommendation.ts';

/** The code under which most users failed, and the first of them. */
export interface CommonestFailure<Failure extends UserFailure = UserFailure> {
  readonly code: string;
  readonly users: number;
  readonly example: Failure;
}

/** Counts failed users by the code of their reason, and keeps one of each. */
export class FailureTally<Failure extends UserFailure = UserFailure> {
  readonly #byCode = new Map<string, { users: number; example: Failure }>();

  add(failures: readonly Failure[]): this {
    for (const failure of failures) {
      const known = this.#byCode.get(failure.code);
      if (known === undefined) this.#byCode.set(failure.code, { users: 1, example: failure });
      else known.users++;
    }
    return this;
  }

  /** Undefined where no user has failed. */
  get commonest(): CommonestFailure<Failure> | undefined {
    let most: CommonestFailure<Failure> | undefined;
    for (const [code, { users, example }] of this.#byCode) {
      if (most === undefined || users > most.users) most = { code, users, example };
    }
    return most;
  }
}
