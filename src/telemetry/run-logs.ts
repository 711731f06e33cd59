import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import type { BatchEvent, BatchListener } from '../batch/events.ts';
import { messageOf, UsageError } from '../model/errors.ts';
import { type LogOptions, logEvent } from './log.ts';
import { LogDestination } from './log-destination.ts';

export interface RunLogsOptions {
  readonly level: LogOptions['level'];
  /** In each line: several processors may write to one folder. */
  readonly processor: string;
  /** Called when the file of a run cannot be opened, once for each reason. Must not throw. */
  readonly onTrouble: (about: { readonly runId: number; readonly path: string; readonly message: string }) => void;
}

interface Open {
  readonly runId: number;
  readonly path: string;
  readonly destination: LogDestination;
  readonly log: Logger;
}

/**
 * A log file for each run, in one folder: `run-12_BATCH_20251007_001.log`, and `run-12.log` for a run without a batch id (a dry run).
 * A run that is taken up again goes on in its file. Files are never removed. Lines that cannot be written are lost and counted, as in
 * LogDestination; a file that cannot be opened (full disk) is tried again with each event, and costs the run nothing.
 */
export class RunLogs {
  readonly #folder: string;
  readonly #options: RunLogsOptions;
  #open: Open | undefined;
  #run: { readonly runId: number; readonly path: string } | undefined;
  #lost = 0;
  #reason = '';

  /** Makes the folder. Throws UsageError (FILE_UNWRITABLE) where no file can be made in it. */
  constructor(folder: string, options: RunLogsOptions) {
    this.#folder = folder;
    this.#options = options;
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK | constants.X_OK);
    } catch (error) {
      const message = `Cannot write logs to the folder ${folder}: ${messageOf(error)}. Name another folder with --log-dir.`;
      throw new UsageError('FILE_UNWRITABLE', message, { cause: error });
    }
  }

  /** Writes an event to the file of its run; never throws. */
  readonly listener: BatchListener = event => {
    if (event.type === 'run-opened') this.#begin(event.runId, event.batchId ?? null);
    this.#write(event);
    if (event.type === 'run-closed') this.close();
  };

  /** Closes the file of the run that is open; the next run opens its own. */
  close(): void {
    this.#open?.destination.close();
    this.#open = undefined;
    this.#run = undefined;
  }

  /** Why the last lines of the run that is open could not be written; undefined once one can be again, and where none is open. */
  get trouble(): string | undefined {
    if (this.#run === undefined) return undefined;
    return this.#lost > 0 ? this.#reason : this.#open?.destination.trouble;
  }

  #begin(runId: number, batchId: string | null): void {
    this.close();
    this.#run = { runId, path: join(this.#folder, runLogName({ runId, batchId })) };
    this.#lost = 0;
  }

  #write(event: BatchEvent): void {
    const log = this.#opened();
    if (log !== undefined) logEvent(log, event);
    else if (this.#run !== undefined) this.#lost++;
  }

  #opened(): Logger | undefined {
    if (this.#open !== undefined || this.#run === undefined) return this.#open?.log;
    const { runId, path } = this.#run;
    const { level, processor, onTrouble } = this.#options;
    let destination: LogDestination;
    try {
      destination = new LogDestination(path);
    } catch (error) {
      const message = messageOf(error);
      if (message !== this.#reason) onTrouble({ runId, path, message });
      this.#reason = message;
      return undefined;
    }
    const base = { run: runId, processor };
    const log = pino(
      { level: level === 'warn' ? 'info' : level, base, timestamp: pino.stdTimeFunctions.isoTime },
      destination,
    );
    this.#open = { runId, path, destination, log };
    if (this.#lost > 0) log.warn({ lost: this.#lost, reason: this.#reason }, 'events before this one are missing');
    this.#lost = 0;
    this.#reason = '';
    return log;
  }
}

/** The file's name of a run, without its folder. */
function runLogName({ runId, batchId }: { readonly runId: number; readonly batchId: string | null }): string {
  return batchId === null ? `run-${runId}.log` : `run-${runId}_${batchId}.log`;
}
