import type { CoordinationDatabase } from '../database/coordination.ts';
import type { Processor } from '../model/service.ts';

/** How often a processor that does not lead says that it is there. */
const EVERY_MS = 15_000;

export interface PresenceOptions {
  /** Told what went wrong. It is told nowhere else: a processor that cannot be seen must not fail its run. */
  readonly onTrouble: (error: unknown) => void;
  readonly everyMs?: number;
}

/**
 * Writes a processor into the table of processors, and repeats that it is alive; on disposal the
 * processor resigns. `serve` does not need it: its bids for the lead say the same.
 */
export async function announcePresence(
  coordination: Pick<CoordinationDatabase, 'seeProcessor' | 'resign'>,
  processor: Processor,
  { onTrouble, everyMs = EVERY_MS }: PresenceOptions,
): Promise<AsyncDisposable> {
  const beat = () => coordination.seeProcessor(processor).catch(onTrouble);
  let beating: Promise<void> | undefined;
  await beat();
  const timer = setInterval(() => {
    beating ??= beat().finally(() => (beating = undefined)); // one at a time, however slow the database
  }, everyMs);
  timer.unref();
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await beating; // or a late beat would bring the processor back
      await coordination.resign(processor.id).catch(onTrouble);
    },
  };
}
