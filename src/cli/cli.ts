import { lstatSync } from 'node:fs';
import { styleText } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import type { Settings } from '../config/settings.ts';
import type { OpenedDatabase } from '../database/open-database.ts';
import { isStdout } from '../exchange/streams.ts';
import { CardGeniusError, EXIT, type ExitCode, messageOf, UsageError } from '../model/errors.ts';
import { printable } from '../model/printable.ts';
import { shellWord, withCommandPrefix } from './command-prefix.ts';

/** The options that every command has. */
export interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

interface OpenChoice {
  readonly create?: boolean;
  /** See OpenOptions. */
  readonly beside?: boolean;
  /** See OpenOptions. */
  readonly stays?: boolean;
  /** False where the caller waits by itself for an embedded database that another process has. */
  readonly waits?: boolean;
  readonly checkSchema?: boolean;
  readonly migrate?: boolean;
  /** See OpenOptions. For a command that is soon done, whatever the number of users. */
  readonly light?: boolean;
}

/** What a command has at hand: its settings, its database, and where to print. */
export class Cli {
  readonly settings: Settings;
  readonly #json: boolean;
  readonly #typed: (text: string) => string;
  #exitCode: ExitCode = EXIT.done;
  #isStdoutTaken = false;

  constructor(settings: Settings, json: boolean, typed: (text: string) => string) {
    this.settings = settings;
    this.#json = json;
    this.#typed = typed;
  }

  get exitCode(): ExitCode {
    return this.#exitCode;
  }

  get isJson(): boolean {
    return this.#json;
  }

  /** With --json, one object on one line; else `text` for people. */
  print(result: object, text: () => string): void {
    this.printExactly(result, () => this.#typed(text()));
  }

  /** The same where `text` is for a program: no command in it is written as it is typed here. */
  printExactly(result: object, text: () => string): void {
    const place = this.#isStdoutTaken ? process.stderr : process.stdout;
    place.write(`${printable(this.#json ? JSON.stringify(result) : text())}\n`);
  }

  /** Prints to stderr from now on if `path` is stdout (`-`): stdout is for that output alone. */
  keepStdoutFor(path: string | undefined): void {
    if (path !== undefined && isStdout(path)) this.#isStdoutTaken = true;
  }

  /** A sentence for people on stderr, also with --json. */
  note(text: string): void {
    process.stderr.write(`${printable(this.#typed(text))}\n`);
  }

  end(exitCode: ExitCode): void {
    this.#exitCode = exitCode;
  }

  /** Whether the database is an embedded one that is neither there nor just being made. */
  get isDatabaseMissing(): boolean {
    const folder = /^pglite:(?!memory$)(.+)$/.exec(this.settings.databaseUrl)?.[1];
    return folder !== undefined && !isThere(folder);
  }

  /**
   * `create`: an embedded database that is not there is made. Without it, UsageError DATABASE_MISSING: a person who looks at the wrong place
   * must not be told that no user is due.
   */
  async open({ create = false, waits = true, ...options }: OpenChoice = {}): Promise<OpenedDatabase> {
    if (options.light === true) startQuickly();
    const { openDatabase } = await import('../database/open-database.ts');
    const { databaseUrl, databasePassword, sqlServer } = this.settings;
    if (!create && this.isDatabaseMissing) {
      throw new UsageError(
        'DATABASE_MISSING',
        `There is no database ${databaseUrl} here. Where it is another one, name it in CARDGENIUS_DATABASE_URL; ` +
          'a new one is made by cardgenius import FILE, or cardgenius demo.',
      );
    }
    return openDatabase(databaseUrl, {
      ...options,
      ...(waits ? { onWait: message => this.note(message) } : {}),
      password: databasePassword?.reveal(),
      pools: sqlServer,
    });
  }
}

/**
 * A light command ends before V8's optimizing compiler is of use to the embedded database. For one function of it,
 * the SQL interpreter, that compiler takes a second of CPU and 600 MB, and the program waits for it at its end.
 */
function startQuickly(): void {
  setFlagsFromString('--no-wasm-tier-up');
  setFlagsFromString('--no-wasm-dynamic-tiering');
}

/** False where there is nothing; true also where it may not be looked at: what opens it says why. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOTDIR';
  }
}

/** Adds the common options to a command and turns what it throws into one sentence and an exit code. */
export function command<Options extends CommonOptions>(
  definition: Command,
  run: (cli: Cli, args: readonly string[], options: Options) => Promise<void>,
): void {
  definition
    .option('--config <file>', 'the configuration (default: ./cron.config.ts where it exists)')
    .option('--json', 'one JSON object on one line, and nothing else, on stdout')
    .option('--verbose', 'with an error, print where it came from')
    .action(async () => {
      const options = definition.opts<Options>();
      const again = options.config === undefined ? '' : ` --config ${shellWord(options.config)}`;
      const typed = (text: string) => withCommandPrefix(text, pathsOf(definition), { options: again });
      try {
        const { loadSettings, misspelledVariables } = await import('../config/settings.ts');
        const settings = await loadSettings({ configPath: options.config, env: process.env, cwd: process.cwd() });
        const cli = new Cli(settings, options.json === true, typed);
        for (const { name, nearest } of misspelledVariables(process.env)) {
          cli.note(`${name} means nothing to cardgenius, and is passed over. Did you mean ${nearest}?`);
        }
        await run(cli, definition.args, options);
        process.exitCode = cli.exitCode;
      } catch (error) {
        const text = errorText(error, options);
        process.stderr.write(`${printable(options.json === true ? text : typed(text))}\n`);
        process.exitCode = error instanceof CardGeniusError ? error.exitCode : EXIT.failed;
      }
    });
}

/** The commands of the program that a command belongs to, and their subcommands: `runs`, `runs show`. */
function pathsOf(definition: Command): string[] {
  let root = definition;
  while (root.parent !== null) root = root.parent;
  return root.commands.flatMap(child => [
    child.name(),
    ...child.commands.map(grandchild => `${child.name()} ${grandchild.name()}`),
  ]);
}

/** An error for stderr: a sentence with its code. With `json` an object on one line, so that stdout holds results alone. */
export function errorText(error: unknown, { json = false, verbose = false }: CommonOptions): string {
  if (json) {
    const { code, exitCode } = error instanceof CardGeniusError ? error : { code: 'UNEXPECTED', exitCode: EXIT.failed };
    return JSON.stringify({ error: { code, message: messageOf(error), exitCode } });
  }
  const code = error instanceof CardGeniusError ? styleText('dim', ` [${error.code}]`, { stream: process.stderr }) : '';
  const sentence = `${styleText('red', 'cardgenius:', { stream: process.stderr })} ${messageOf(error)}${code}`;
  if (!verbose || !(error instanceof Error)) return sentence;
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : '';
  return `${sentence}\n${error.stack}${cause}`;
}

/** A whole number given as an option; commander's own message names the option. */
export function wholeNumber(minimum: number): (text: string) => number {
  return text => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < minimum || text.trim() === '') {
      throw new CommandArgumentError(`must be a whole number, at least ${minimum}`);
    }
    return value;
  };
}

const SECONDS_OF: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** A span of time given as an option, 90s, 30m, 1h or 2d; in seconds. */
export function span(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text.trim()) ?? [];
  if (count === undefined || Number(count) === 0) {
    throw new CommandArgumentError('must be a span of time: 90s, 30m, 1h or 2d');
  }
  return Number(count) * SECONDS_OF[unit!]!;
}

/** A day (it begins at midnight UTC) or a moment with its zone, given as an option. */
export function moment(text: string): Date {
  const shape = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.exec(text.trim());
  const date = new Date(shape === null ? Number.NaN : shape[0]);
  // new Date makes 1 March of 30 February: the day must be there as it was written.
  const isDay = shape !== null && new Date(`${shape[1]}T00:00Z`).toJSON()?.startsWith(shape[1]!) === true;
  if (!isDay || Number.isNaN(date.getTime())) {
    throw new CommandArgumentError('must be a day, 2026-11-23 (UTC), or a time with its zone, 2026-11-23T02:00+05:30');
  }
  return date;
}

/** Commander looks at the code only. */
class CommandArgumentError extends Error {
  readonly code = 'commander.invalidArgument';
  readonly exitCode = EXIT.usage;
}
