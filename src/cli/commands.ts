import { Command, CommanderError } from 'commander';
import { EXIT, UsageError } from '../model/errors.ts';
import { printable } from '../model/printable.ts';
import { readManifest } from '../package.ts';
import { errorText } from './cli.ts';
import { withCommandPrefix } from './command-prefix.ts';
import { defineCompletion } from './completion-command.ts';
import { helpWords, usageOf } from './usage.ts';

type Define = (program: Command) => void;

interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly group: string;
  /** Imports the command's module: only the command that is called is loaded, so that --help answers at once. */
  readonly load: () => Promise<Define>;
}

const START = 'Start:';
const RUN = 'Run:';
const LOOK = 'Look:';
const AGAIN = 'Steer and repeat:';
const CATALOG = 'Cards and catalogue:';
const DATABASE = 'Database and service:';

const again = async () => (await import('./retry-command.ts')).defineRetryAndRedo;
const steering = async () => (await import('./steer-command.ts')).defineSteering;

/** Every command, in the order in which help lists it. */
export const COMMANDS: readonly Entry[] = [
  {
    name: 'demo',
    summary: 'the whole way on an embedded database: what npm start runs',
    group: START,
    load: async () => (await import('./demo-command.ts')).defineDemo,
  },
  {
    name: 'import',
    summary: 'bring a CSV of spends in',
    group: START,
    load: async () => (await import('./import-command.ts')).defineImport,
  },
  {
    name: 'export',
    summary: 'write all recommendations to a CSV',
    group: START,
    load: async () => (await import('./export-command.ts')).defineExport,
  },
  {
    name: 'seed',
    summary: 'fill the database with invented users',
    group: START,
    load: async () => (await import('./seed-command.ts')).defineSeed,
  },
  {
    name: 'run',
    summary: 'give every user who is due their ten cards',
    group: RUN,
    load: async () => (await import('./run-command.ts')).defineRun,
  },
  {
    name: 'serve',
    summary: 'fire the schedules, work on what is due, and send alerts',
    group: RUN,
    load: async () => (await import('./serve-command.ts')).defineServe,
  },
  {
    name: 'schedule',
    summary: 'the schedules: their next and last fires; fire one now',
    group: RUN,
    load: async () => (await import('./schedule-command.ts')).defineSchedule,
  },
  {
    name: 'status',
    summary: 'users by status, the latest run, and the chunks in flight',
    group: LOOK,
    load: async () => (await import('./status-command.ts')).defineStatus,
  },
  {
    name: 'report',
    summary: 'which card how many users have, what it is worth to them, what the last run changed',
    group: LOOK,
    load: async () => (await import('./report-command.ts')).defineReport,
  },
  {
    name: 'runs',
    summary: 'the latest runs, or one run attempt by attempt',
    group: LOOK,
    load: async () => (await import('./runs-command.ts')).defineRuns,
  },
  {
    name: 'errors',
    summary: 'failed users, grouped by reason',
    group: LOOK,
    load: async () => (await import('./errors-command.ts')).defineErrors,
  },
  {
    name: 'alerts',
    summary: 'the open alerts; a test message to every channel',
    group: LOOK,
    load: async () => (await import('./alerts-command.ts')).defineAlerts,
  },
  {
    name: 'dashboard',
    summary: 'a page that shows the runs of a database, for looking only',
    group: LOOK,
    load: async () => (await import('./dashboard-command.ts')).defineDashboard,
  },
  {
    name: 'verify',
    summary: 'check everything that must be true of the results',
    group: LOOK,
    load: async () => (await import('./verify-command.ts')).defineVerify,
  },
  { name: 'pause', summary: 'stop claiming chunks of the active run', group: AGAIN, load: steering },
  { name: 'resume', summary: 'let a paused or stopped run go on', group: AGAIN, load: steering },
  { name: 'cancel', summary: 'end the active run', group: AGAIN, load: steering },
  { name: 'retry', summary: 'put failed users back to new', group: AGAIN, load: again },
  {
    name: 'redo',
    summary: 'put completed users back to new: for the day the catalogue changes',
    group: AGAIN,
    load: again,
  },
  {
    name: 'recommend',
    summary: 'the ten cards of one user, now',
    group: CATALOG,
    load: async () => (await import('./recommend-command.ts')).defineRecommend,
  },
  {
    name: 'catalog',
    summary: 'check, compare and show the catalogue of cards',
    group: CATALOG,
    load: async () => (await import('./catalog-command.ts')).defineCatalog,
  },
  {
    name: 'parity',
    summary: 'compare our cards with a source of truth',
    group: CATALOG,
    load: async () => (await import('./parity-command.ts')).defineParity,
  },
  {
    name: 'migrate',
    summary: 'bring the database to this version’s schema',
    group: DATABASE,
    load: async () => (await import('./migrate-command.ts')).defineMigrate,
  },
  {
    name: 'doctor',
    summary: 'problems of the database, each with its remedy',
    group: DATABASE,
    load: async () => (await import('./doctor-command.ts')).defineDoctor,
  },
  {
    name: 'prune',
    summary: 'delete old runs, imports, fires and alerts',
    group: DATABASE,
    load: async () => (await import('./prune-command.ts')).definePrune,
  },
  {
    name: 'forget',
    summary: 'remove a user from every table of ours',
    group: DATABASE,
    load: async () => (await import('./forget-command.ts')).defineForget,
  },
  {
    name: 'config',
    summary: 'every effective setting and its source',
    group: DATABASE,
    load: async () => (await import('./config-command.ts')).defineConfigCommand,
  },
  {
    name: 'bench',
    summary: 'the speed of this machine and this database server',
    group: DATABASE,
    load: async () => (await import('./bench-command.ts')).defineBench,
  },
  { name: 'completion', summary: 'completion for bash, zsh or fish', group: DATABASE, load: completion },
];

/**
 * The command line. `wanted` is the command that is called: it alone is loaded, and of the others help shows name and summary.
 * Without it every command is loaded.
 */
export async function createProgram(wanted?: string): Promise<Command> {
  const program = new Command('cardgenius');
  const names = [...COMMANDS.map(({ name }) => name), 'help'];
  const typed = (text: string) => printable(withCommandPrefix(text, names));
  const output = {
    writeOut: (text: string) => process.stdout.write(typed(text)),
    writeErr: (text: string) => process.stderr.write(typed(text)),
    outputError: (text: string, write: (text: string) => void) => {
      const error = new UsageError('COMMAND_LINE', usageOf(text, program));
      write(`${errorText(error, { json: process.argv.includes('--json') })}\n`);
    },
  };
  program
    .configureOutput(output)
    .description('Ten best credit cards for every user: reads spends, computes, and swaps the results in.')
    .version(readManifest().version, '-V, --version', 'the version of this program')
    .helpCommand('help [command]', 'the help of a command')
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText(
      'after',
      `
Exit codes: 0 done · 1 failed · 2 wrong usage, configuration, catalogue or file ·
            3 done, with an error rate above the limit · 4 stopped, work left, can be resumed
Database:   CARDGENIUS_DATABASE_URL (default pglite:.cardgenius/db)`,
    );
  program.command('version', { hidden: true }).action(() => {
    output.writeOut(`${readManifest().version}\n`);
  });

  // One module may define several: what is wanted comes first, before any of the others has only its name.
  const called = COMMANDS.find(({ name }) => name === wanted);
  if (called !== undefined) (await called.load())(program);
  for (const { name, summary, group, load } of COMMANDS) {
    let command = program.commands.find(other => other.name() === name);
    if (command === undefined && wanted === undefined) (await load())(program);
    command = program.commands.find(other => other.name() === name) ?? program.command(name);
    command.summary(summary).helpGroup(group).helpCommand(false);
  }
  for (const subcommand of program.commands) {
    // What addCommand adds inherits nothing.
    for (const command of [subcommand, ...subcommand.commands]) command.exitOverride().configureOutput(output);
  }
  return program;
}

async function completion(): Promise<Define> {
  return program => defineCompletion(program, () => createProgram());
}

/** Runs the command that the arguments name; the exit code is the process's. */
export async function runCommandLine(): Promise<void> {
  // A reader of our output may have read enough: `| head` is no error. Any other loss of it is one, told in a sentence.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    process.once('exit', () => {
      process.exitCode ||= EXIT.failed;
    });
    process.stderr.write(`cardgenius: The output could not be written: ${error.code}. [OUTPUT_LOST]\n`);
  });
  // Without stderr a command goes on, and says nothing.
  process.stderr.on('error', () => {});
  const [first = '', ...others] = process.argv.slice(2);
  try {
    const program = await createProgram(first === 'help' ? others[0] : first);
    const isHelp = first === 'help' && others[0] !== undefined && !others[0].startsWith('-');
    await program.parseAsync(isHelp ? helpWords(program, others) : process.argv.slice(2), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage; // commander has said what is wrong
  }
  leaveWhenDone();
}

/** How long anything that a library has left open may take to close by itself. */
const LINGER_MS = 5_000;

/** The work has ended. Where something still keeps the process (a timer, a socket), it is named, and the process leaves all the same. */
function leaveWhenDone(): void {
  const leave = () => {
    const open = [...new Set(process.getActiveResourcesInfo())].join(', ');
    process.stderr.write(`cardgenius: The work has ended, and something is still open (${open}): leaving.\n`);
    process.exit();
  };
  setTimeout(leave, LINGER_MS).unref(); // alone it keeps no process
}
