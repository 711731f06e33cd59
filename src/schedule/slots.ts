import { type CronFields, cronFields } from './cron-expression.ts';
import { instantsOf, wallAt } from './time-zone.ts';

/**
 * The slots of a schedule: the instants at which it is due. Where clocks go forward over a slot, it is due at the jump, once;
 * where they go back, once, the first time. A schedule whose hours are not restricted is due by the clock that never jumps:
 * every hour means every hour, also in the hour that comes twice.
 */
export interface Timing {
  readonly cron: string;
  readonly timeZone: string;
}

const DAY = 86_400_000;
/** How many days ahead slots are looked for: a leap day may be eight years away. */
const HORIZON_DAYS = 366 * 9;

/** Slots after `from` and up to `to`, ascending, in milliseconds. */
export function* slotsBetween(timing: Timing, from: number, to: number): Generator<number> {
  const fields = cronFields(timing.cron);
  const everyHour = fields.hour.size === 24;
  const last = wallAt(Math.min(to, from + HORIZON_DAYS * DAY), timing.timeZone) + DAY;
  // A day early: a slot of the day before may be due at a jump today.
  for (let day = dayOf(wallAt(from, timing.timeZone)) - DAY; ; day += DAY) {
    if (day > last) return;
    if (!isDay(fields, day)) continue;
    for (const slot of slotsOfDay(fields, day, timing.timeZone, everyHour)) {
      if (slot > to) return;
      if (slot > from) yield slot;
    }
  }
}

/** The next slots after an instant. */
export function nextSlots(timing: Timing, after: number, count: number): Date[] {
  const found: Date[] = [];
  for (const slot of slotsBetween(timing, after, after + HORIZON_DAYS * DAY)) {
    found.push(new Date(slot));
    if (found.length === count) break;
  }
  return found;
}

const dayOf = (wall: number) => Math.floor(wall / DAY) * DAY;

function isDay({ dayOfMonth, month, dayOfWeek }: CronFields, day: number): boolean {
  const date = new Date(day);
  return month.has(date.getUTCMonth() + 1) && dayOfMonth.has(date.getUTCDate()) && dayOfWeek.has(date.getUTCDay());
}

/** A day's slots, ascending, none twice: two times that a jump swallows are due together, at the jump. */
function* slotsOfDay(fields: CronFields, day: number, timeZone: string, everyHour: boolean): Generator<number> {
  const isPlain = instantsAreRegular(day, timeZone);
  let last = Number.NEGATIVE_INFINITY;
  const found: number[] = [];
  for (const hour of sorted(fields.hour)) {
    for (const minute of sorted(fields.minute)) {
      for (const second of sorted(fields.second)) {
        const wall = day + ((hour * 60 + minute) * 60 + second) * 1000;
        if (isPlain !== undefined) {
          yield wall - isPlain;
          continue;
        }
        const { instants, gapEnd } = instantsOf(wall, timeZone);
        if (instants.length > 0) found.push(...(everyHour ? instants : instants.slice(0, 1)));
        else if (gapEnd !== undefined && !everyHour) found.push(gapEnd);
      }
    }
  }
  for (const slot of found.sort((a, b) => a - b)) {
    if (slot > last) yield slot;
    last = slot;
  }
}

/** The zone's offset where it is one and the same the whole day, and around it: nothing need be looked for then. */
function instantsAreRegular(day: number, timeZone: string): number | undefined {
  const offsets = [-DAY, 0, DAY, 2 * DAY].map(shift => wallAt(day + shift, timeZone) - (day + shift));
  return offsets.every(offset => offset === offsets[0]) ? offsets[0] : undefined;
}

const sorted = (values: ReadonlySet<number>) => [...values].sort((a, b) => a - b);
