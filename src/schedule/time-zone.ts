/** Wall-clock times of an IANA time zone, from the tables that Node carries. */

const FORMATS = new Map<string, Intl.DateTimeFormat>();

function format(timeZone: string): Intl.DateTimeFormat {
  let found = FORMATS.get(timeZone);
  if (found === undefined) {
    const digits = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
    const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
    found = new Intl.DateTimeFormat('en-US', { timeZone, era: 'short', ...digits, ...time });
    FORMATS.set(timeZone, found);
  }
  return found;
}

export function isTimeZone(timeZone: string): boolean {
  try {
    return format(timeZone) !== undefined;
  } catch {
    return false;
  }
}

/** The time on a wall clock at an instant, written as if it were UTC, in milliseconds. */
export function wallAt(instant: number, timeZone: string): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of format(timeZone).formatToParts(instant)) parts[type] = Number(value);
  const { year, month, day, hour, minute, second } = parts;
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
}

/** How many minutes the clocks of a zone are ahead of UTC at an instant; behind it, where negative. */
export function utcOffsetMinutes(instant: number, timeZone: string): number {
  return Math.round((wallAt(instant, timeZone) - instant) / 60_000);
}

const DAY = 86_400_000;

/** Where the offset changes between two instants: the first millisecond of the new one, found by halving. */
function changeBetween(from: number, to: number, timeZone: string): number {
  const offset = (instant: number) => wallAt(instant, timeZone) - Math.floor(instant / 1000) * 1000;
  const before = offset(from);
  let low = from;
  let high = to;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offset(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * The instants at which a clock on the wall shows a time: one; two where clocks go back; or, where clocks go forward over
 * that time, none, and `gapEnd` is the instant of the jump.
 */
export function instantsOf(wall: number, timeZone: string): { instants: number[]; gapEnd?: number } {
  const around = [wall - DAY, wall + DAY];
  const offsets = new Set(around.map(instant => wallAt(instant, timeZone) - instant));
  const instants = [...offsets].map(offset => wall - offset).filter(instant => wallAt(instant, timeZone) === wall);
  if (instants.length > 0) return { instants: instants.sort((a, b) => a - b) };
  return { instants, gapEnd: changeBetween(wall - DAY, wall + DAY, timeZone) };
}
