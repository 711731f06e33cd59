import type { FireDecision, ScheduleState } from '../model/service.ts';
import type { MisfirePolicy } from './schedule.ts';
import { slotsBetween, type Timing } from './slots.ts';

export interface PlannedFire {
  readonly plannedAt: Date;
  readonly decision: Extract<FireDecision, 'ran' | 'caught_up' | 'skipped'>;
  readonly note: string | null;
}

/** How many slots are planned at a time: a schedule every second that was away for a month is worked off piece by piece. */
const MOST = 500;

/**
 * What is to be recorded of a schedule now: every slot since the last one that is recorded, ascending. A slot that is found in
 * time (not more than `lateMs` late) runs; of missed slots, the policy decides:
 *
 * - `once`: the latest missed slot is caught up, the earlier ones are skipped; all are where a slot runs in time now;
 * - `skip`: all are skipped;
 * - `all`: each is caught up, in order; the planner lets each wait until the run of the one before is over.
 *
 * What is older than the window is skipped whatever the policy.
 */
export function planFires(
  schedule: Timing & MisfirePolicy,
  { knownSince, lastPlanned }: ScheduleState,
  now: number,
  lateMs: number,
): PlannedFire[] {
  const from = Math.max(knownSince.getTime(), lastPlanned?.getTime() ?? 0);
  const due: number[] = [];
  for (const slot of slotsBetween(schedule, from, now)) {
    due.push(slot);
    if (due.length === MOST) break;
  }
  const oldest = now - schedule.catchUpWindowMinutes * 60_000;
  const isMissed = (slot: number) => now - slot > lateMs;
  const latest = due.length === MOST ? undefined : due.at(-1); // the latest of a piece is not the latest of all
  return due.map(slot => {
    const plannedAt = new Date(slot);
    if (!isMissed(slot)) return { plannedAt, decision: 'ran', note: null };
    const missed = `no leader was there: found ${Math.round((now - slot) / 1000)} s late`;
    if (slot < oldest) return { plannedAt, decision: 'skipped', note: `${missed}, outside the catch-up window` };
    if (schedule.misfire === 'skip') return { plannedAt, decision: 'skipped', note: `${missed}; misfire is skip` };
    if (schedule.misfire === 'once' && slot !== latest) {
      return { plannedAt, decision: 'skipped', note: `${missed}; misfire is once, and a later slot stands for it` };
    }
    return { plannedAt, decision: 'caught_up', note: missed };
  });
}
