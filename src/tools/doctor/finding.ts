/** `not visible`: the login may not see it, or the database does not have it; the rest goes on. */
export type FindingState = 'ok' | 'warn' | 'fail' | 'not visible';

export interface Finding {
  readonly check: string;
  readonly state: FindingState;
  readonly found: string;
  /** What to do; empty where nothing is. SQL in it can be run as it stands. */
  readonly remedy: string;
}

export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found, remedy: '' });
