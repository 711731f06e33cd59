import type { Command } from 'commander';
import type { BatchOutcome } from '../batch/run-batch.ts';
import { type Cli, type CommonOptions, command, group, wholeNumber } from './cli.ts';
import { dashboardDoor, mountDashboard, noteOn, noteToken, OPEN_HELP } from './dashboard-command.ts';
import {
  checkEngine,
  checkTotals,
  exitCodeOf,
  LOG_DIR_HELP,
  noteFailures,
  noteLimit,
  notePause,
  resumable,
  runWithProgress,
} from './run-with-progress.ts';

interface RunOptions extends CommonOptions {
  readonly limit?: number;
  readonly chunkSize?: number;
  readonly workers?: number;
  readonly log?: string;
  readonly logDir?: string;
  readonly dashboard?: string | true;
  readonly open?: boolean;
  readonly dryRun?: boolean;
}

export function defineRun(program: Command): void {
  const definition = program
    .command('run')
    .description(
      'Joins the active run, or plans a new one over the users that are new; then claims, computes, loads and publishes until ' +
        'nothing is left. Stop it with Ctrl-C and start it again: it goes on.',
    )
    .option('--limit <n>', 'at most so many users', wholeNumber(1))
    .option('--chunk-size <n>', 'users in a chunk', wholeNumber(1))
    .option('--dry-run', 'compute and compare only: what would change, with nothing of CashKaro’s touched')
    .option('--workers <n>', 'threads that compute', wholeNumber(1))
    .option('--log <file>', 'write the log to FILE, from info on unless log.level says otherwise (debug: chunks, too)')
    .option('--log-dir <dir>', LOG_DIR_HELP)
    .option('--dashboard [address]', 'serve the dashboard meanwhile, at PORT or HOST:PORT (default: 127.0.0.1:8787)')
    .option('--open', `with --dashboard: ${OPEN_HELP}`)
    .addHelpText(
      'after',
      '\nExamples:\n  cardgenius run\n  cardgenius run --dashboard\n  cardgenius run --dry-run\n  cardgenius run --limit 1000 --json',
    );
  command<RunOptions>(definition, (cli, _args, options) =>
    run(cli, options).catch(error => {
      throw resumable(error);
    }),
  );
}

async function run(cli: Cli, options: RunOptions): Promise<void> {
  const { limit, chunkSize, workers, log, logDir, dryRun = false, dashboard: wanted, open } = options;
  const door = wanted === undefined ? undefined : await dashboardDoor(cli, wanted, open);
  const engine = await checkEngine(cli);
  await using opened = await cli.open();
  const dashboard = door && (await mountDashboard(cli, opened, { door, mayAct: true, note: noteOn(cli) }));
  if (dashboard !== undefined) {
    const url = await dashboard.listen(door!.address);
    cli.note(`The dashboard is at ${url}`);
    noteToken(cli, url, door!);
  }
  const outcome = await runWithProgress(cli, opened, engine, dryRun ? 'dry_run' : 'batch', {
    userLimit: limit,
    logFile: log,
    logFolder: logDir,
    listener: dashboard?.listener,
    overrides: { ...(chunkSize === undefined ? {} : { chunkSize }), ...(workers === undefined ? {} : { workers }) },
  }).finally(() => dashboard?.close());
  const { rowsWritten, commonestFailure: _, ...told } = outcome;
  if (dryRun) cli.print({ ...told, recommendations: 0, rowsWritten }, () => describeDryRun(outcome));
  else cli.print(told, () => describeOutcome(outcome));
  if (door !== undefined && outcome.state === 'done' && outcome.users === 0) {
    cli.note('Nothing was left to do, so the page has closed; to look: cardgenius dashboard');
  }
  noteLimit(cli, limit);
  await notePause(cli, opened.database, outcome);
  const exitCode = exitCodeOf(outcome, cli.settings.errorRateLimit);
  if (!dryRun) noteFailures(cli, exitCode);
  cli.end(exitCode);
  await checkTotals(cli, opened.database, outcome);
}

export function describeDryRun(outcome: BatchOutcome): string {
  const { completed, failed, rowsWritten, commonestFailure: most } = outcome;
  const unchanged = group(completed * 10 - rowsWritten);
  const why = most && `\nMost of them (${group(most.users)}): ${most.code}, for example: ${most.example.message}`;
  return `${describeOutcome(outcome)}\nA dry run: ${group(rowsWritten)} rows would be written, ${unchanged} would stay, ${group(failed)} users would fail.${why ?? ''}`;
}

/** What is said where opening a run put an end to another one. */
export const describeSuperseded = (runId: number, supersededId: number): string =>
  `Run ${runId} supersedes run ${supersededId}, which no processor worked on: its users are in run ${runId} (cardgenius runs show ${supersededId}).`;

export function describeOutcome({
  runId,
  supersededId,
  state,
  users,
  completed,
  failed,
  seconds,
  usersPerSecond,
}: BatchOutcome): string {
  const ended = supersededId === null ? '' : `${describeSuperseded(runId, supersededId)}\n`;
  if (state === 'done' && users === 0) return `${ended}Run ${runId}: nothing is left to do.`;
  const did = `${group(completed)} completed, ${group(failed)} failed`;
  return `${ended}Run ${runId} is ${state}: ${group(users)} users (${did}) in ${seconds.toFixed(1)} s, ${group(usersPerSecond)} users/s.`;
}
