import type { CoordinationDatabase } from '../database/coordination.ts';
import type { Fire } from '../model/service.ts';
import type { PlannedSchedule } from '../schedule/schedule.ts';
import { nextSlots } from '../schedule/slots.ts';

/** A schedule as people look at it: when it fires next, what came of the last time, and when it last did what it is for. */
export interface ScheduleOutlook {
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly next: Date | undefined;
  readonly last: Pick<Fire, 'plannedAt' | 'decision' | 'runId' | 'runState'> | undefined;
  /** When the latest run of its fires that is done finished, or its latest comparison agreed; undefined where none of the latest fires has one. */
  readonly lastSuccess: Date | undefined;
}

/** How many fires are looked through for the last success. */
const FIRES = 50;

export function scheduleOutlook(
  schedules: readonly PlannedSchedule[],
  coordination: Pick<CoordinationDatabase, 'listFires'>,
  now: number,
): Promise<ScheduleOutlook[]> {
  return Promise.all(
    schedules.map(async ({ name, cron, timeZone }) => {
      const fires = await coordination.listFires(name, FIRES);
      const [next] = nextSlots({ cron, timeZone }, now, 1);
      const success = fires.find(({ runState, decision }) => runState === 'done' || decision === 'agreed');
      return {
        name,
        cron,
        timeZone,
        next,
        last: lastOf(fires),
        lastSuccess: success?.runFinishedAt ?? success?.decidedAt,
      };
    }),
  );
}

function lastOf([fire]: readonly Fire[]): ScheduleOutlook['last'] {
  if (fire === undefined) return undefined;
  const { plannedAt, decision, runId, runState } = fire;
  return { plannedAt, decision, runId, runState };
}
