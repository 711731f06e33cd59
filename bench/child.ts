/**
 * One processor in a process of its own, for what is measured by process: takes part in the run of a database, or makes its
 * own, and tells its time and its memory. Started by processors.ts, growth.ts and memory.ts; never by hand.
 */
import { runBatch } from '../src/batch/run-batch.ts';
import { openDatabase } from '../src/database/open-database.ts';
import { loadEngine } from '../src/engine/load-engine.ts';
import { populate } from '../src/tools/bench/population.ts';
import { type ScratchDatabase, type ScratchPlace, scratchDatabase } from '../src/tools/bench/scratch-database.ts';
import { peakMemory, settings } from './options.ts';

/** What a child is asked. */
export type ChildTask =
  | {
      readonly kind: 'join';
      readonly at: ScratchDatabase['at'];
      readonly processor: string;
      readonly enginePath?: string;
    }
  | { readonly kind: 'whole'; readonly place: ScratchPlace; readonly users: number };

/** What it answers: seconds of filling and of the run, users that this process completed, and megabytes at its peak. */
export interface ChildFigures {
  readonly fillSeconds: number;
  readonly runSeconds: number;
  readonly completed: number;
  readonly peakMegabytes: number;
}

process.once('message', async (task: ChildTask) => {
  const figures = task.kind === 'join' ? await join(task) : await whole(task);
  process.send!(figures, () => process.exit());
});

async function join({ at, processor, enginePath }: Extract<ChildTask, { kind: 'join' }>): Promise<ChildFigures> {
  await using opened = await openDatabase(at.url, at);
  return await processAll(opened, processor, 0, enginePath);
}

async function whole({ place, users }: Extract<ChildTask, { kind: 'whole' }>): Promise<ChildFigures> {
  await using scratch = await scratchDatabase(place);
  const startedAt = performance.now();
  await populate(scratch.database, settings, users);
  return await processAll(scratch, 'bench', (performance.now() - startedAt) / 1000);
}

async function processAll(
  { database }: Pick<ScratchDatabase, 'database'>,
  processor: string,
  fillSeconds: number,
  enginePath = settings.enginePath,
): Promise<ChildFigures> {
  const request = {
    kind: 'batch',
    userLimit: null,
    processor,
    requestedBy: processor,
    deadlineAt: null,
    engine: await loadEngine({ ...settings, enginePath }),
  } as const;
  // A processor has two chunks in flight: with the slow engine there must be many for two processors to share.
  const chunkSize = enginePath === undefined ? settings.chunkSize : 2_000;
  const outcome = await runBatch(database, { ...settings, chunkSize }, request, () => {}, new AbortController().signal);
  if (outcome.failed > 0) throw new Error(`the measurement is void: ${JSON.stringify(outcome)}`);
  const { completed, seconds: runSeconds } = outcome;
  return { fillSeconds, runSeconds, completed, peakMegabytes: peakMemory() };
}
