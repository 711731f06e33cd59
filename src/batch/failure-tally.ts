import type { UserFailure } from '../model/recommendation.ts';

/** The code under which most users failed, and the first of them. */
export interface CommonestFailure {
  readonly code: string;
  readonly users: number;
  readonly example: UserFailure;
}

/** Counts failed users by the code of their reason, and keeps one of each. */
export class FailureTally {
  readonly #byCode = new Map<string, { users: number; example: UserFailure }>();

  add(failures: readonly UserFailure[]): this {
    for (const failure of failures) {
      const known = this.#byCode.get(failure.code);
      if (known === undefined) this.#byCode.set(failure.code, { users: 1, example: failure });
      else known.users++;
    }
    return this;
  }

  /** Undefined where no user has failed. */
  get commonest(): CommonestFailure | undefined {
    let most: CommonestFailure | undefined;
    for (const [code, { users, example }] of this.#byCode) {
      if (most === undefined || users > most.users) most = { code, users, example };
    }
    return most;
  }
}
