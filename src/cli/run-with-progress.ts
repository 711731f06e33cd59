import type { BatchListener } from '../batch/events.ts';
import { type BatchOutcome, type BatchSettings, runBatch } from '../batch/run-batch.ts';
import { SchemaWatch } from '../database/migrate/schema-watch.ts';
import type { OpenedDatabase } from '../database/open-database.ts';
import type { LoadedEngine } from '../engine/image.ts';
import { messageOf } from '../model/errors.ts';
import type { RunKind } from '../model/run.ts';
import { utcOffsetMinutes } from '../schedule/time-zone.ts';
import { announcePresence } from '../serve/presence.ts';
import { createLog, createServiceLog, logEvent } from '../telemetry/log.ts';
import { Progress } from '../telemetry/progress.ts';
import { RunLogs } from '../telemetry/run-logs.ts';
import type { Cli } from './cli.ts';
import { stopOnSignal, thisProcessor } from './this-process.ts';

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

/** Takes part in a run with progress on stderr, a log, and signals that give back what is in flight. */
export async function runWithProgress(
  cli: Cli,
  { database, coordination, target }: Pick<OpenedDatabase, 'database' | 'coordination' | 'target'>,
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
    await using _presence = await announcePresence(coordination, processor, {
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
