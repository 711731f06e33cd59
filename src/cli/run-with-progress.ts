import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { domainToASCII } from 'node:url';
import type { BatchListener } from '../batch/events.ts';
import { type BatchOutcome, type BatchSettings, runBatch } from '../batch/run-batch.ts';
import type { Database } from '../database/database.ts';
import { SchemaWatch } from '../database/migrate/schema-watch.ts';
import type { OpenedDatabase } from '../database/open-database.ts';
import type { EngineIdentity } from '../engine/engine.ts';
import type { LoadedEngine } from '../engine/image.ts';
import { loadEngine } from '../engine/load-engine.ts';
import { DatabaseError, EXIT, type ExitCode, messageOf } from '../model/errors.ts';
import { remedyLines, remedyOf } from '../model/remedies.ts';
import { decidedOf, type RunKind } from '../model/run.ts';
import type { Processor } from '../model/service.ts';
import { utcOffsetMinutes } from '../schedule/time-zone.ts';
import { announcePresence } from '../serve/presence.ts';
import { createLog, createServiceLog, logEvent } from '../telemetry/log.ts';
import { Progress } from '../telemetry/progress.ts';
import { RunLogs } from '../telemetry/run-logs.ts';
import type { Cli } from './cli.ts';

export interface ProcessOptions {
  readonly userLimit?: number | undefined;
  readonly overrides?: Partial<BatchSettings>;
  readonly logFile?: string | undefined;
  /** For a log file a run, besides. */
  readonly logFolder?: string | undefined;
  /** Hears every event, too. */
  readonly listener?: BatchListener | undefined;
}

export const LOG_DIR_HELP = 'write a log file a run to the folder DIR, too: run-<number>_<batch id>.log';

/** Loads the engine, once for the whole run, before a database is opened: a wrong catalogue is reported first. */
export async function checkEngine({ settings }: Cli): Promise<LoadedEngine> {
  return loadEngine(settings);
}

/** Takes part in a run with progress on stderr, a log, and signals that give back what is in flight. */
export async function runWithProgress(
  cli: Cli,
  { database, service, target }: Pick<OpenedDatabase, 'database' | 'service' | 'target'>,
  engine: LoadedEngine,
  kind: RunKind,
  options: ProcessOptions,
): Promise<BatchOutcome> {
  const { settings } = cli;
  const log =
    options.logFile === undefined
      ? createLog(settings.log)
      : createServiceLog({ ...settings.log, file: options.logFile });
  const processor = thisProcessor(engine);
  const runLogs =
    options.logFolder === undefined
      ? undefined
      : new RunLogs(options.logFolder, {
          level: settings.log.level,
          processor: processor.id,
          onTrouble: about => log.warn(about, 'the log of a run cannot be opened'),
        });
  const progress = cli.isJson ? undefined : new Progress(process.stderr);
  const stop = stopOnSignal();
  try {
    await using _presence = await announcePresence(service, processor, {
      onTrouble: error => log.debug({ message: messageOf(error) }, 'not seen'),
    });
    using schema = new SchemaWatch(target);
    const outcome = await runBatch(
      database,
      { ...settings, ...options.overrides },
      {
        kind,
        userLimit: options.userLimit ?? null,
        processor: processor.id,
        requestedBy: processor.id,
        deadlineAt: null,
        utcOffsetMinutes: utcOffsetMinutes(Date.now(), settings.schedules[0]?.timeZone ?? 'UTC'),
        engine,
      },
      event => {
        progress?.listener(event);
        logEvent(log, event);
        runLogs?.listener(event);
        options.listener?.(event);
      },
      AbortSignal.any([stop.signal, schema.signal]),
    );
    schema.check();
    return outcome;
  } finally {
    progress?.end();
    runLogs?.close();
    stop.release();
  }
}

/** This process, under a name of its own for leases, logs and the ledger. Cut to what the table of processors takes. */
export function thisProcessor({ version }: Pick<EngineIdentity, 'version'>): Processor {
  const host = asciiHost(hostname());
  const id = `${host}:${process.pid}:${randomBytes(3).toString('hex')}`;
  return { id: id.slice(-100), host: host.slice(0, 200), pid: process.pid, version: version.slice(0, 50) };
}

/** As DNS writes a name outside ASCII: a VARCHAR would make ? of it, and the processor would not know its own lease again. */
export function asciiHost(name: string): string {
  if (/^[\x21-\x7e]*$/.test(name)) return name;
  return domainToASCII(name) || name.replace(/[^\x21-\x7e]/gu, letter => `u${letter.codePointAt(0)!.toString(16)}`);
}

/** How long a graceful stop may take. */
const STOP_DEADLINE_MS = 30_000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first SIGINT, SIGTERM or SIGHUP (a terminal that is closed) stops gracefully; a second one leaves at once. Both can be resumed. */
export function stopOnSignal(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  let deadline: NodeJS.Timeout | undefined;
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(EXIT.stopped);
    process.stderr.write('\nStopping: what is in flight is finished or given back. Once more to leave at once.\n');
    controller.abort(new Error('stopped by a signal'));
    deadline = setTimeout(() => {
      process.stderr.write(
        `Not done within ${STOP_DEADLINE_MS / 1000} s: leaving. What was in flight is taken up when its lease ends.\n`,
      );
      process.exit(EXIT.stopped);
    }, STOP_DEADLINE_MS);
  };
  for (const name of STOP_SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    release: () => {
      clearTimeout(deadline);
      for (const name of STOP_SIGNALS) process.off(name, onSignal);
    },
  };
}

/** Why a run is paused or stopped, and what to do about it. */
export async function notePause(cli: Cli, database: Database, { runId, state }: BatchOutcome): Promise<void> {
  if (state !== 'paused' && state !== 'stopped') return;
  const reason = (await database.readRun(runId))?.reason?.replace(/\.$/, '') ?? 'no reason given';
  if (state === 'stopped') {
    cli.note(`Run ${runId} is stopped: ${reason}. To go on: cardgenius run`);
    return;
  }
  const remedy = remedyOf(reason) ?? {
    look: 'cardgenius status',
    goOn: 'remove the cause, then: cardgenius resume && cardgenius run',
  };
  cli.note(`Run ${runId} is paused: ${reason}.\n${remedyLines(remedy)}`);
}

/** Where too many users failed: what tells why. */
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
      `${violations.toLocaleString('en-US')} users of run ${runId} have rows that cannot be right (in one chunk: ${violated}). To list them: cardgenius verify --csv FILE`,
    );
    cli.end(EXIT.failed);
  }
  if (state !== 'done' || decidedOf(run) === run.plannedUsers) return;
  cli.note(`The totals of run ${runId} do not add up. Look at: cardgenius verify`);
  cli.end(EXIT.failed);
}

/** What a run over some of the users does not look at: neither does the check at its end. */
export function noteLimit(cli: Pick<Cli, 'note'>, limit: number | undefined): void {
  if (limit === undefined) return;
  cli.note(
    `With --limit at most ${limit.toLocaleString('en-US')} users of those that are due were computed and looked at. Not looked at: all other users, and the gate of ` +
      'eligible users, which compares whole runs only.',
  );
}

/** With which code a process ends that took part in a run. */
export function exitCodeOf(outcome: BatchOutcome, errorRateLimit: number): ExitCode {
  if (outcome.state === 'failed' || outcome.state === 'cancelled') return EXIT.failed; // neither can be resumed
  if (outcome.state !== 'done') return EXIT.stopped;
  return outcome.users > 0 && outcome.failed / outcome.users > errorRateLimit ? EXIT.errorRate : EXIT.done;
}

/** The error of a run whose database does not answer: a new start resumes the run, so that the exit code is that of a stop. */
export function resumable(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  const { code, message, errorClass } = error;
  if (errorClass !== 'transient' && errorClass !== 'ambiguous') return error;
  return new DatabaseError(code, message, errorClass, { cause: error.cause, exitCode: EXIT.stopped });
}
