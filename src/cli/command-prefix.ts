import { COMMAND } from '../package.ts';

/**
 * A text for people, with its commands as they can be typed here: the messages say `cardgenius run`, and in a clone that is
 * `npm run -s cardgenius -- run`. `paths` are the commands with their subcommands (`runs`, `runs show`); other words after the program's
 * name stay as they are. `options` follow each command: what named this database or file must be named again.
 */
export function withCommandPrefix(
  text: string,
  paths: readonly string[],
  { start = COMMAND, options = '' }: { readonly start?: string; readonly options?: string } = {},
): string {
  const longestFirst = [...paths].sort((a, b) => b.length - a.length);
  const command = new RegExp(`(?<![\\w./-])cardgenius (?:(${longestFirst.join('|')})\\b|(?=\\[options\\]))`, 'g');
  return text.replace(command, (_, path?: string) => `${start} ${path === undefined ? '' : `${path}${options}`}`);
}

/** An argument as a shell takes it. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
