/** Words of the command line that name no command or option, and what `help` is asked about. */
import type { Command } from 'commander';
import { nearestOf } from '../model/distance.ts';

/** The commands that words name: `runs show 3` is `runs show`; and the word that names none although one was to come. */
function pathOf(program: Command, words: readonly string[]): { at: Command; path: string[]; unknown?: string } {
  let at = program;
  const path: string[] = [];
  for (const word of words) {
    const next = at.commands.find(command => command.name() === word);
    if (next === undefined) return at.commands.length === 0 ? { at, path } : { at, path, unknown: word };
    path.push(word);
    at = next;
  }
  return { at, path };
}

/** What follows `help`, as commander takes it: `runs show` is `runs show --help`. A word that names no command is an error, as it is without `help`. */
export function helpWords(program: Command, words: readonly string[]): string[] {
  const { at, path, unknown } = pathOf(program, words);
  if (unknown !== undefined) {
    const near = nearestOf(
      unknown,
      at.commands.map(command => command.name()),
    );
    at.error(`error: unknown command '${unknown}'${near === undefined ? '' : `\n(Did you mean ${near}?)`}`);
  }
  return [...path, '--help'];
}

/** What commander says of a wrong word (`error: unknown command 'foo'`, and below it what may be meant), as a sentence with the way on. */
export function usageOf(text: string, program: Command): string {
  const [what = '', ...meant] = text
    .replace(/^error: /, '')
    .trim()
    .replace(' is invalid. ', ' is invalid: ')
    .split('\n');
  const sentence = `${what.charAt(0).toUpperCase()}${what.slice(1).replace(/\.?$/, '.')}`;
  const { path } = pathOf(
    program,
    process.argv.slice(2).filter(word => word !== 'help'),
  );
  return [
    sentence,
    ...meant.map(line => line.replace(/^\((.*)\)$/, '$1')),
    `To look: ${['cardgenius help', ...path].join(' ')}`,
  ].join(' ');
}
