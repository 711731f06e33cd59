import { COMMAND } from '../package.ts';

/**
 * A text for people, with its commands as they can be typed here: the messages say `cardgenius run`, and in a clone that is
 * `npm run -s cardgenius -- run`. `names` are the commands; other words after the program's name stay as they are.
 */
export function withCommandPrefix(text: string, names: readonly string[], start = COMMAND): string {
  const command = new RegExp(`(?<![\\w./-])cardgenius (?=(?:${names.join('|')})\\b|\\[options\\])`, 'g');
  return text.replace(command, () => `${start} `);
}
