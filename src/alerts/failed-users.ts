import type { CoordinationDatabase } from '../database/coordination.ts';
import type { RunProgress } from '../model/run.ts';
import type { Alert, CommonFailure } from '../model/service.ts';
import type { Finding } from './finding.ts';

export type FailureReader = Pick<CoordinationDatabase, 'commonestFailure' | 'hasFailed'>;

/** The rules about users who failed. */
const RULES_OF_FAILED: readonly string[] = ['error_rate', 'users_failed'];
/** How often the table of users is asked at most: it may have 20 million rows. */
const ASK_MS = 300_000;

/** What the alerts about failed users ask of the database, each question at most every five minutes. */
export class FailedUsers {
  /** When the table was asked for failed users, by the alert's subject. */
  readonly #askedAt = new Map<string, number>();
  /** Why users of a run fail, by the alert's subject, and when that was asked. */
  readonly #reasons = new Map<string, { readonly at: number; readonly text: string }>();

  /** The database's clock jumped: the times kept here move with it. */
  move(milliseconds: number): void {
    for (const [subject, at] of this.#askedAt) this.#askedAt.set(subject, at + milliseconds);
    for (const [subject, why] of this.#reasons) this.#reasons.set(subject, { ...why, at: why.at + milliseconds });
  }

  /**
   * Whether users of the alert's run are still `failed`. A later run does not end such an alert; it ends when no user of that run is
   * failed any more, or when the other of the two rules reports them.
   */
  async areLeft(
    database: FailureReader,
    { rule, subject }: Alert,
    findings: readonly Finding[],
    now: number,
  ): Promise<boolean> {
    const runId = Number(/^run (\d+)$/.exec(subject)?.[1]);
    if (!RULES_OF_FAILED.includes(rule) || Number.isNaN(runId)) return false;
    if (findings.some(finding => finding.subject === subject && RULES_OF_FAILED.includes(finding.rule))) return false;
    if (now - (this.#askedAt.get(subject) ?? Number.NEGATIVE_INFINITY) < ASK_MS) return true;
    this.#askedAt.set(subject, now);
    const areLeft = await database.hasFailed(runId);
    if (!areLeft) this.#askedAt.delete(subject);
    return areLeft;
  }

  /** The finding, with the commonest code of the users who failed and an example. */
  async withReason(
    database: FailureReader,
    finding: Finding,
    run: RunProgress | undefined,
    now: number,
  ): Promise<Finding> {
    if (!RULES_OF_FAILED.includes(finding.rule) || run === undefined) return finding;
    let why = this.#reasons.get(finding.subject);
    if (why === undefined || now - why.at >= ASK_MS) {
      const found = await database.commonestFailure(run.runId);
      why = { at: now, text: found === undefined ? '' : textOf(found) };
      this.#reasons.clear(); // of one run at a time
      this.#reasons.set(finding.subject, why);
    }
    return { ...finding, message: `${finding.message}${why.text}` };
  }
}

function textOf({ code, users, seen, example }: CommonFailure): string {
  const reason = example === null ? '' : `, for example: ${withoutData(example)}`;
  return ` Of ${seen} looked at, ${users} have ${code ?? 'a reason of another program'}${reason}`;
}

/** A reason may hold an amount, a user id or, in the words of a driver, a whole row: figures, quotes and brackets are left out. */
const withoutData = (reason: string): string =>
  reason
    .replace(/\([^)]*\)?|"[^"]*"?|'[^']*'?/g, '…')
    .replace(/[\w.,@-]*\d[\w.,@-]*/g, '…')
    .replace(/\s+/g, ' ')
    .slice(0, 200);
