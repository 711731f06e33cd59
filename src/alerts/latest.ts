import type { CoordinationDatabase } from '../database/coordination.ts';
import type { Database } from '../database/database.ts';
import type { HistoryDatabase } from '../database/history.ts';
import type { Fire } from '../model/service.ts';
import type { Snapshot } from './finding.ts';

export type RunReader = Pick<Database, 'readRun' | 'description'> & Pick<HistoryDatabase, 'listRuns'>;
export type FireReader = Pick<CoordinationDatabase, 'listFires'>;

/** How many runs are looked through for one that is no dry run, and how many fires of a schedule for one that was not by hand. */
const LOOKED_THROUGH = 50;

/** A dry run changes nothing: what is wrong with the real run stays so. */
export async function latestRuns(database: RunReader): Promise<Pick<Snapshot, 'run' | 'counted'>> {
  const latest = await database.readRun(null, { wait: false });
  if (latest === undefined || (latest.kind === 'batch' && latest.plannedUsers > 0))
    return { run: latest, counted: latest };
  const batches = (await database.listRuns(LOOKED_THROUGH)).filter(({ kind }) => kind === 'batch');
  return { run: batches[0], counted: batches.find(({ plannedUsers }) => plannedUsers > 0) };
}

/** What Snapshot.fires says. What was fired by hand says nothing about a missed slot. */
export async function latestFires(coordination: FireReader, schedules: readonly string[]): Promise<Fire[]> {
  const found: Fire[] = [];
  for (const schedule of schedules) {
    const fires = await coordination.listFires(schedule, LOOKED_THROUGH);
    const slots = fires.filter(({ decision }) => decision !== 'manual');
    const opened = slots.findIndex(({ decision }) => decision !== 'held' && decision !== 'not_opened');
    const latest = slots.slice(0, opened === -1 ? undefined : Math.max(1, opened));
    const verdict = slots.find(({ decision }) => decision !== 'skipped' && decision !== 'unchecked');
    const isCompared = verdict?.decision === 'differed' && !latest.includes(verdict);
    found.push(...latest, ...(isCompared ? [verdict] : []));
  }
  return found;
}
