import { Command, CommanderError } from 'commander';
import { EXIT } from '../model/errors.ts';
import { readManifest } from '../package.ts';
import { defineAgain } from './again.ts';
import { defineAlerts } from './alerts.ts';
import { defineBench } from './bench.ts';
import { defineCatalog } from './catalog.ts';
import { defineConfigCommand } from './config.ts';
import { defineDashboard } from './dashboard.ts';
import { defineDemo } from './demo.ts';
import { defineDoctor } from './doctor.ts';
import { defineErrors } from './errors.ts';
import { defineExport } from './export.ts';
import { defineImport } from './import.ts';
import { defineMigrate } from './migrate.ts';
import { defineParity } from './parity.ts';
import { definePrune } from './prune.ts';
import { defineRecommend } from './recommend.ts';
import { defineRun } from './run.ts';
import { defineRuns } from './runs.ts';
import { defineSchedule } from './schedule.ts';
import { defineSeed } from './seed.ts';
import { defineServe } from './serve.ts';
import { defineStatus } from './status.ts';
import { defineSteering } from './steer.ts';
import { asTyped } from './typed.ts';
import { defineVerify } from './verify.ts';

/** The command line. Commands are light; what they need is imported when they run, so that --help answers at once. */
export function createProgram(): Command {
  const program = new Command('cardgenius');
  const typed = (text: string) =>
    asTyped(
      text,
      program.commands.map(command => command.name()),
    );
  const output = {
    writeOut: (text: string) => process.stdout.write(typed(text)),
    writeErr: (text: string) => process.stderr.write(typed(text)),
  };
  program
    .configureOutput(output)
    .description('Ten best credit cards for every user: reads spends, computes, and swaps the results in.')
    .version(readManifest().version, '--version', 'the version of this program')
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText(
      'after',
      `
Exit codes: 0 done · 1 failed · 2 wrong usage, configuration, catalogue or file ·
            3 done, with an error rate above the limit · 4 stopped, work left, can be resumed
Database:   CARDGENIUS_DATABASE_URL (default pglite:.cardgenius/db)`,
    );

  for (const define of [
    defineDemo,
    defineMigrate,
    defineSeed,
    defineImport,
    defineRun,
    defineServe,
    defineSchedule,
    defineAlerts,
    defineStatus,
    defineRuns,
    defineDashboard,
    defineSteering,
    defineVerify,
    defineErrors,
    defineAgain,
    defineExport,
    defineRecommend,
    defineCatalog,
    defineParity,
    definePrune,
    defineDoctor,
    defineConfigCommand,
    defineBench,
  ]) {
    define(program);
  }
  for (const subcommand of program.commands) {
    subcommand.helpCommand(false);
    // What addCommand adds inherits nothing.
    for (const command of [subcommand, ...subcommand.commands]) command.exitOverride().configureOutput(output);
  }
  return program;
}

/** Runs what the arguments say; the exit code is the process's. */
export async function runCommandLine(): Promise<void> {
  // Whoever reads what we print may have read enough: `| head` is no error. Without stderr a run goes on, and says nothing.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage; // commander has said what is wrong
  }
}
