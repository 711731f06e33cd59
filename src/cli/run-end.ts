import type { BatchOutcome } from '../batch/run-batch.ts';
import type { Database } from '../database/database.ts';
import { RESUME, remedyLines, remedyOf } from '../model/codes.ts';
import { DatabaseError, EXIT, type ExitCode } from '../model/errors.ts';
import { group } from '../model/format.ts';
import { decidedOf } from '../model/run.ts';
import type { Cli } from './cli.ts';

/** The exit code of a process that took part in a run. */
export function exitCodeOf(outcome: BatchOutcome, errorRateLimit: number): ExitCode {
  if (outcome.state === 'failed' || outcome.state === 'cancelled') return EXIT.failed; // neither can be resumed
  if (outcome.state !== 'done') return EXIT.stopped;
  return outcome.users > 0 && outcome.failed / outcome.users > errorRateLimit ? EXIT.errorRate : EXIT.done;
}

/** The error of a run whose database does not answer: a new start resumes the run, so the exit code is that of a stop. */
export function resumable(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  const { code, message, errorClass } = error;
  if (errorClass !== 'transient' && errorClass !== 'ambiguous') return error;
  return new DatabaseError(code, message, errorClass, { cause: error.cause, exitCode: EXIT.stopped });
}

/** Why a run is paused or stopped, and what to do about it. */
export async function notePause(cli: Cli, database: Database, { runId, state }: BatchOutcome): Promise<void> {
  if (state !== 'paused' && state !== 'stopped') return;
  const reason = (await database.readRun(runId))?.reason?.replace(/\.$/, '') ?? 'no reason given';
  if (state === 'stopped') {
    cli.note(`Run ${runId} is stopped: ${reason}. To go on: cardgenius run`);
    return;
  }
  const remedy = remedyOf(reason, cli.settings.enginePath) ?? {
    look: 'cardgenius status',
    goOn: `remove the cause, then: ${RESUME}`,
  };
  cli.note(`Run ${runId} is paused: ${reason}.\n${remedyLines(remedy)}`);
}

/** Names the command that shows why, where too many users failed. */
export function noteFailures(cli: Pick<Cli, 'note'>, exitCode: ExitCode): void {
  if (exitCode === EXIT.errorRate) cli.note('Failed users and their reasons: cardgenius errors');
}

/**
 * At the end of every run: what was planned was decided, and no chunk has found rows that cannot be right among those that it had just
 * published. All other rows are for `verify`, which reads them all.
 */
export async function checkTotals(
  cli: Pick<Cli, 'note' | 'end'>,
  database: Pick<Database, 'readRun'>,
  { runId, state }: Pick<BatchOutcome, 'runId' | 'state'>,
): Promise<void> {
  const run = await database.readRun(runId);
  if (run === undefined) return;
  const { violations = 0, violated } = run;
  if (violations > 0) {
    cli.note(
      `${group(violations)} users of run ${runId} have rows that cannot be right (in one chunk: ${violated}). To list them: cardgenius verify --csv FILE`,
    );
    cli.end(EXIT.failed);
  }
  if (state !== 'done' || decidedOf(run) === run.plannedUsers) return;
  cli.note(`The totals of run ${runId} do not add up. Look at: cardgenius verify`);
  cli.end(EXIT.failed);
}

/** Says what a run over some of the users has not looked at. */
export function noteLimit(cli: Pick<Cli, 'note'>, limit: number | undefined): void {
  if (limit === undefined) return;
  cli.note(
    `With --limit at most ${group(limit)} users of those that are due were computed and looked at. Not looked at: all other users, and the gate of ` +
      'eligible users, which compares whole runs only.',
  );
}
