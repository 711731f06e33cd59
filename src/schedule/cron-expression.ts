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

/** What is wrong with an expression, or undefined. */
export function cronProblem(expression: string): string | undefined {
  const { valid, errors } = validateDetailed(expression);
  if (!valid) return `"${expression}" is no cron expression: ${errors.map(({ message }) => message).join('; ')}`;
  if (/[LW#?]/.test(expression.replace(/[a-z]{2,}/gi, '')))
    return `"${expression}" uses L, W or #: write the days as numbers`;
  return undefined;
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
