import type { z } from 'zod';

/** A value that is needed is not there. */
export const MISSING = 'it is missing';

const TYPES: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** What is wrong with a value in a configuration, a catalogue or an engine, to be put behind its place; the value itself is not told: it may be a secret. */
export const issueWords: z.core.$ZodErrorMap = issue => {
  const { code, input } = issue;
  switch (code) {
    case 'invalid_type':
      return input === undefined
        ? MISSING
        : `must be ${TYPES[issue.expected] ?? issue.expected}, not ${typeWords(input)}`;
    case 'invalid_value':
      return `must be ${issue.values.map(value => JSON.stringify(value)).join(', ')}`.replace(/, (?=[^,]*$)/, ' or ');
    case 'too_small':
      return `must ${extent(issue.origin)}${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unit(issue.origin)}`;
    case 'too_big':
      return `must ${extent(issue.origin)}${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unit(issue.origin)}`;
    default:
      return undefined;
  }
};

const extent = (origin: string): string => (unit(origin) === '' ? 'be ' : 'have ');
const unit = (origin: string): string => ({ string: ' characters', array: ' entries' })[origin] ?? '';

function typeWords(input: unknown): string {
  if (input === null) return 'null';
  if (Number.isNaN(input)) return 'NaN';
  if (typeof input === 'number') return Number.isInteger(input) ? 'a number' : 'a fraction';
  return TYPES[Array.isArray(input) ? 'array' : typeof input] ?? `a ${typeof input}`;
}
