import { parse, validateDetailed } from 'node-cron';

/** A cron expression as sets of numbers, as node-cron reads it: what it fires by and what we plan by is one reading. */
export interface CronFields {
  readonly second: ReadonlySet<number>;
  readonly minute: ReadonlySet<number>;
  readonly hour: ReadonlySet<number>;
  readonly dayOfMonth: ReadonlySet<number>;
  readonly month: ReadonlySet<number>;
  readonly dayOfWeek: ReadonlySet<number>;
}

/** How many characters an expression may have: more than any that a person writes. */
const LONGEST = 200;

/** What is wrong with an expression, or undefined. */
export function cronProblem(expression: string): string | undefined {
  if (expression.length > LONGEST) return `is longer than ${LONGEST} characters`;
  const tooLarge = outOfRange(expression); // first: the library counts a range out, however long it is
  if (tooLarge !== undefined) return `"${expression}" is no cron expression: ${tooLarge}`;
  const { valid, errors } = validateDetailed(expression);
  if (!valid) return `"${expression}" is no cron expression: ${errors.map(({ message }) => message).join('; ')}`;
  if (/[LW#?]/.test(expression.replace(/[a-z]{2,}/gi, '')))
    return `"${expression}" uses L, W or #: write the days as numbers`;
  const fields = cronFields(expression);
  if (fires(fields)) return undefined;
  return `"${expression}" never fires within nine years: both the day of the month and the day of the week must fit; write * for one`;
}

/** What each field may hold, from the last one on; a step may not be longer than what it steps through. */
const RANGES = [
  { name: 'day of the week', most: 7, span: 7 },
  { name: 'month', most: 12, span: 12 },
  { name: 'day of the month', most: 31, span: 31 },
  { name: 'hour', most: 23, span: 24 },
  { name: 'minute', most: 59, span: 60 },
  { name: 'second', most: 59, span: 60 },
] as const;

function outOfRange(expression: string): string | undefined {
  const fields = expression.trim().split(/\s+/).reverse();
  for (const [i, field] of fields.entries()) {
    const range = RANGES[i];
    if (range === undefined) return undefined; // too many fields: the library says so
    for (const [, slash, digits] of field.matchAll(/(\/?)(\d+)/g)) {
      const number = Number(digits);
      if (slash === '' && number > range.most) return `${digits} is above ${range.most}, the last ${range.name}`;
      if (slash !== '' && (number === 0 || number >= range.span))
        return `a step of ${digits} is not within the ${range.span} of ${range.name}, and would mean its first alone`;
    }
  }
  return undefined;
}

/** Whether any day fits: months, days and weekdays come together again every 28 years, and more than nine years are not looked at. */
function fires({ dayOfMonth, month, dayOfWeek }: CronFields): boolean {
  const DAYS = 366 * 9;
  const today = Math.floor(Date.now() / 86_400_000);
  for (let day = today; day < today + DAYS; day++) {
    const date = new Date(day * 86_400_000);
    if (month.has(date.getUTCMonth() + 1) && dayOfMonth.has(date.getUTCDate()) && dayOfWeek.has(date.getUTCDay()))
      return true;
  }
  return false;
}

/** The fields of a valid expression. */
export function cronFields(expression: string): CronFields {
  const numbers = (values: readonly (number | string)[]) => new Set(values.map(Number));
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = parse(expression);
  return {
    second: numbers(second),
    minute: numbers(minute),
    hour: numbers(hour),
    dayOfMonth: numbers(dayOfMonth),
    month: numbers(month),
    dayOfWeek: numbers(dayOfWeek),
  };
}
