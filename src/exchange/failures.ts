import type { AuditDatabase, FailedUser } from '../database/audit.ts';
import { writeCsv } from './write-csv.ts';

const USERS_PER_PAGE = 5_000;
const MAX_SAMPLES = 5;

/** Failed users who share a code; the sample is the first of them in the order of the key. */
export interface FailureGroup {
  /** The code, or `OTHER` where the reason was not written by us. */
  readonly code: string;
  readonly users: number;
  readonly userId: string;
  /** The first few of them. */
  readonly samples: readonly string[];
  readonly error: string;
}

/** All failed users by code, the commonest first. */
export async function listFailures(audit: AuditDatabase): Promise<FailureGroup[]> {
  const groups = new FailureGroups();
  for await (const failure of failures(audit)) groups.add(failure);
  return groups.sorted();
}

/** The same, and every one of them as a row of a CSV (user_id, code, reason), which takes its name when it is whole. */
export async function writeFailures(audit: AuditDatabase, path: string): Promise<FailureGroup[]> {
  const groups = new FailureGroups();
  async function* rows(): AsyncGenerator<string[]> {
    for await (const failure of failures(audit)) {
      groups.add(failure);
      yield [failure.userId, failure.code ?? 'OTHER', failure.error];
    }
  }
  await writeCsv(path, ['user_id', 'code', 'reason'], rows());
  return groups.sorted();
}

async function* failures(audit: AuditDatabase): AsyncGenerator<FailedUser> {
  for (let after: string | null = null; ; ) {
    const page: FailedUser[] = await audit.listFailures(after, USERS_PER_PAGE);
    if (page.length === 0) return;
    yield* page;
    after = page.at(-1)!.userId;
  }
}

class FailureGroups {
  readonly #byCode = new Map<string, FailureGroup & { users: number; samples: string[] }>();

  add({ userId, code, error }: FailedUser): void {
    const key = code ?? 'OTHER';
    const found = this.#byCode.get(key);
    if (found === undefined) this.#byCode.set(key, { code: key, users: 1, userId, samples: [userId], error });
    else if (++found.users <= MAX_SAMPLES) found.samples.push(userId);
  }

  sorted(): FailureGroup[] {
    return [...this.#byCode.values()].sort((a, b) => b.users - a.users || (a.code < b.code ? -1 : 1));
  }
}
