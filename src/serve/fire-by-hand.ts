import type { CoordinationDatabase } from '../database/coordination.ts';
import type { Actor } from '../model/act.ts';
import { UsageError } from '../model/errors.ts';
import type { RunTerms } from '../model/run.ts';
import type { FireAnswer } from '../model/service.ts';
import type { PlannedSchedule } from '../schedule/schedule.ts';
import { utcOffsetMinutes } from '../schedule/time-zone.ts';

/**
 * Fires a schedule now, because a person asks: a row of the ledger and its run, by the same path as a slot that is due.
 * A processor of `serve` works on it. Throws UsageError (NO_SUCH_SCHEDULE, SCHEDULE_OPENS_NO_RUN).
 */
export async function fireByHand(
  name: string,
  {
    coordination,
    schedules,
    terms,
    decidedBy,
    note,
    by,
  }: {
    readonly coordination: Pick<CoordinationDatabase, 'recordFire'>;
    readonly schedules: readonly PlannedSchedule[];
    /** Loads the engine anew; throws what is wrong with it. */
    readonly terms: (userLimit: number | null) => Promise<RunTerms>;
    /** The processor that was asked. */
    readonly decidedBy: string;
    /** Where it was asked for. */
    readonly note: string;
    /** The person that asks. */
    readonly by?: Actor | undefined;
  },
): Promise<FireAnswer & { readonly plannedAt: Date }> {
  const schedule = schedules.find(candidate => candidate.name === name);
  if (schedule === undefined) {
    const known = schedules.map(candidate => candidate.name).join(', ') || 'none';
    throw new UsageError('NO_SUCH_SCHEDULE', `There is no schedule ${name}. There are: ${known}.`);
  }
  if (schedule.kind === 'parity') {
    throw new UsageError(
      'SCHEDULE_OPENS_NO_RUN',
      `The schedule ${name} compares with the API and opens no run. To compare now: cardgenius parity --url URL.`,
    );
  }
  const plannedAt = new Date();
  const answer = await coordination.recordFire({
    schedule: name,
    plannedAt,
    decision: 'manual',
    note,
    decidedBy,
    electedAt: null,
    by,
    deadlineMinutes: schedule.deadlineMinutes ?? null,
    run: {
      ...(await terms(schedule.userLimit ?? null)),
      utcOffsetMinutes: utcOffsetMinutes(plannedAt.getTime(), schedule.timeZone),
    },
  });
  return { ...answer, plannedAt };
}
