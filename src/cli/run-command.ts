import type { Command } from 'commander';
import type { StageTimes } from '../batch/events.ts';
import { type Preview, previewAll } from '../batch/preview.ts';
import type { BatchOutcome } from '../batch/run-batch.ts';
import { loadEngine } from '../engine/load-engine.ts';
import { EXIT, UsageError } from '../model/errors.ts';
import { group, percent, percentOf } from '../model/format.ts';
import { type Cli, type CommonOptions, command, wholeNumber } from './cli.ts';
import { shellWord } from './command-prefix.ts';
import { dashboardDoor, mountDashboard, noteOn, noteToken, OPEN_HELP } from './dashboard-command.ts';
import { checkTotals, exitCodeOf, noteFailures, noteLimit, notePause, resumable } from './run-end.ts';
import { LOG_DIR_HELP, runWithProgress } from './run-with-progress.ts';
import { movesTable } from './table.ts';

interface RunOptions extends CommonOptions {
  readonly limit?: number;
  readonly chunkSize?: number;
  readonly workers?: number;
  readonly log?: string;
  readonly logDir?: string;
  readonly dashboard?: string | true;
  readonly open?: boolean;
  readonly dryRun?: boolean;
  readonly all?: boolean;
}

export function defineRun(program: Command): void {
  const definition = program
    .command('run')
    .description(
      'Joins the active run, or plans a new one over the users that are new; then claims, computes, loads and publishes until ' +
        'nothing is left. Stop it with Ctrl-C and start it again: it goes on.',
    )
    .option('--limit <n>', 'how many users at most', wholeNumber(1))
    .option('--chunk-size <n>', 'users in a chunk', wholeNumber(1))
    .option('--dry-run', 'compute and compare only: what would change, with nothing of CashKaro’s touched')
    .option(
      '--all',
      'with --dry-run: over completed users, too, and without a run: rows, first cards, gates that would shut (exit code 1)',
    )
    .option('--workers <n>', 'threads that compute', wholeNumber(1))
    .option('--log <file>', 'write the log to FILE, from info on unless log.level says otherwise (debug: chunks, too)')
    .option('--log-dir <dir>', LOG_DIR_HELP)
    .option('--dashboard [address]', 'serve the dashboard meanwhile, at PORT or HOST:PORT (default: 127.0.0.1:8787)')
    .option('--open', `with --dashboard: ${OPEN_HELP}`)
    .addHelpText(
      'after',
      '\nExamples:\n  cardgenius run\n  cardgenius run --dashboard\n  cardgenius run --dry-run --all\n  cardgenius run --limit 1000 --json',
    );
  command<RunOptions>(definition, (cli, _args, options) =>
    run(cli, options).catch(error => {
      throw resumable(error);
    }),
  );
}

async function run(cli: Cli, options: RunOptions): Promise<void> {
  const { limit, chunkSize, workers, log, logDir, dryRun = false, dashboard: wanted, open } = options;
  if (options.all === true) return await preview(cli, options);
  const door = wanted === undefined ? undefined : await dashboardDoor(cli, wanted, open);
  const engine = await loadEngine(cli.settings); // before the database is opened: a wrong catalogue is reported first
  await using opened = await cli.open({ stays: true });
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
  if (dryRun) cli.print({ ...told, dryRun: true, recommendations: 0, rowsWritten }, () => describeDryRun(outcome));
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

/** A dry run over all users: no run is opened, so it may be made beside one. */
async function preview(cli: Cli, { dryRun, limit, workers }: RunOptions): Promise<void> {
  if (dryRun !== true) {
    throw new UsageError(
      'RUN_ALL',
      '--all is for --dry-run. For a run over completed users: cardgenius redo --all --yes.',
    );
  }
  if (limit !== undefined) {
    throw new UsageError('RUN_ALL', '--dry-run --all looks at all users: leave --limit out, or --all.');
  }
  const engine = await loadEngine(cli.settings);
  await using opened = await cli.open();
  const { settings } = cli;
  let told = 0;
  const preview = await previewAll(opened.database, engine, {
    limits: settings,
    workers: workers ?? settings.workers,
    onUsers: users => {
      if (users - told < 100_000) return;
      told = users;
      cli.note(`${group(users)} users are compared.`);
    },
  });
  cli.print(previewJson(preview), () => describePreview(preview));
  cli.end(preview.gates.some(gate => gate.wouldShut) ? EXIT.failed : EXIT.done);
}

/** How many moves a program is told of, the commonest first. */
const MOST_MOVES = 100;

export const previewJson = (preview: Preview): object => ({
  ...{ dryRun: true, all: true, ...preview },
  moves: preview.moves.slice(0, MOST_MOVES),
  movesTotal: preview.moves.length,
});

export function describePreview(preview: Preview): string {
  const {
    users,
    leftOut,
    completed,
    failed,
    commonestFailure: most,
    rowsWritten,
    rowsUnchanged,
    known,
    moves,
    gates,
  } = preview;
  return [
    `A dry run over all ${group(users)} users who are new, pending or completed; nothing was written.`,
    ...(leftOut === 0 ? [] : [`Not in it: ${group(leftOut)} users who have failed or whose status no run takes.`]),
    `${group(completed)} users would be completed, ${group(failed)} would fail (${percentOf(failed, users)}).`,
    ...(most === undefined
      ? []
      : [
          `Most of them (${group(most.users)}): ${most.code}, for example ${most.example.userId}: ${most.example.message}. To see it: cardgenius recommend ${shellWord(most.example.userId)}`,
        ]),
    `${group(rowsWritten)} rows would be written (${percentOf(rowsWritten, rowsWritten + rowsUnchanged)}), ${group(rowsUnchanged)} would stay.`,
    `${group(preview.firstCardsChanged)} of ${group(known)} users with cards would be given another first card (${percentOf(preview.firstCardsChanged, known)}).`,
    ...(moves.length === 0 ? [] : ['', movesTable(['first card now', 'then'], moves), '']),
    ...gates.map(({ code, share: found, limit, wouldShut }) => {
      const figures = `${percent(found)}, limit ${percent(limit)}`;
      return `${code} ${wouldShut ? 'WOULD SHUT' : 'would pass'}: ${figures}`;
    }),
  ].join('\n');
}

export function describeDryRun(outcome: BatchOutcome): string {
  const { completed, failed, rowsWritten, commonestFailure: most } = outcome;
  const unchanged = group(completed * 10 - rowsWritten);
  if (outcome.users === 0)
    return `${describeOutcome(outcome)}\nNo user is due. To compute all of them: cardgenius run --dry-run --all`;
  const { runId, state, users, seconds, usersPerSecond, stages } = outcome;
  const why = most
    ? `\nMost of them (${group(most.users)}): ${most.code}, for example: ${most.example.message}. With its user: cardgenius run --dry-run --all`
    : '';
  return (
    `A dry run (${runId}) is ${state}: ${group(users)} users computed in ${seconds.toFixed(1)} s, ${group(usersPerSecond)} users/s; nothing was changed.` +
    `${describeStages(stages)}\n${group(completed)} users would be completed, ${group(failed)} would fail; ` +
    `${group(rowsWritten)} rows would be written, ${unchanged} would stay.${why}`
  );
}

/** Says that opening this run put an end to another one. */
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
  stages,
}: BatchOutcome): string {
  const ended = supersededId === null ? '' : `${describeSuperseded(runId, supersededId)}\n`;
  if (state === 'done' && users === 0) return `${ended}Run ${runId}: nothing is left to do, because no user is due.`;
  const did = `${group(completed)} completed, ${group(failed)} failed`;
  const speed = `in ${seconds.toFixed(1)} s, ${group(usersPerSecond)} users/s`;
  return `${ended}Run ${runId} is ${state}: ${group(users)} users (${did}) ${speed}.${describeStages(stages)}`;
}

/** Where the time of the chunks went, the longest stage first; nothing where no chunk was published. */
function describeStages(stages: StageTimes): string {
  const parts = Object.entries(stages)
    .filter(([, share]) => share >= 0.005)
    .sort(([, a], [, b]) => b - a)
    .map(([stage, share]) => `${stage} ${Math.round(share * 100)} %`);
  return parts.length === 0 ? '' : `\nTime of a chunk: ${parts.join(', ')}.`;
}
