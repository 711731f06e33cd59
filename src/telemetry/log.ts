import { type Logger, pino } from 'pino';
import type { BatchEvent } from '../batch/events.ts';
import { LogDestination } from './log-destination.ts';

export interface LogOptions {
  readonly level: string;
  /** A file to append to; without one, stderr. */
  readonly file?: string | undefined;
}

/** JSON lines, written as they come: nothing is lost when the process ends, and a log that cannot be written costs its lines alone. */
export function createLog({ level, file }: LogOptions): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, new LogDestination(file ?? 2));
}

/** The log of a service, or one that was asked for: on stdout unless a file is named, from info on unless the configuration says more or less. */
export function createServiceLog(
  { level, file }: LogOptions,
  destination: LogDestination = new LogDestination(file ?? 1),
): Logger {
  return pino(
    { level: level === 'warn' ? 'info' : level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
}

/** Writes the first line of the log of `serve`, and a warning where nothing will fire. */
export function logStart(log: Pick<Logger, 'info' | 'warn'>, processor: string, schedules: readonly string[]): void {
  log.info({ processor, schedules }, 'starting');
  if (schedules.length === 0) log.warn({}, 'no schedule is configured: nothing fires');
}

/** Writes an event to the log, each kind at its own level. */
export function logEvent(log: Logger, event: BatchEvent): void {
  switch (event.type) {
    case 'users-computed':
    case 'workers-started':
    case 'workers-stopped':
      log.trace(event, event.type);
      break;
    case 'chunk-claimed':
    case 'chunk-published':
      log.debug(event, event.type);
      break;
    case 'chunk-retried':
    case 'step-retried':
    case 'run-left-for-trouble':
    case 'chunk-failed':
    case 'chunk-unchecked':
    case 'thread-ended':
      log.warn(event, event.type);
      break;
    case 'lease-lost':
      log[event.stuckSeconds === undefined ? 'debug' : 'warn'](event, event.type);
      break;
    case 'chunk-violated':
      log.error(event, event.type);
      break;
    default:
      log.info(event, event.type);
  }
}
