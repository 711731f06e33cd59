import type { Command } from 'commander';
import type { Attempt, ChunkProgress } from '../database/history.ts';
import type { Act } from '../model/act.ts';
import { CardGeniusError, UsageError } from '../model/errors.ts';
import { group } from '../model/format.ts';
import { decidedOf, decidedText, type RunProgress } from '../model/run.ts';
import { type Cli, type CommonOptions, command, wholeNumber } from './cli.ts';
import { textTable } from './table.ts';

interface ListOptions extends CommonOptions {
  readonly last?: number;
}
interface ShowOptions extends CommonOptions {
  readonly attempts?: number;
}

/** `runs` and `runs show N`: what was. */
export function defineRuns(program: Command): void {
  const runs = program.command('runs');
  const list = runs
    .command('list', { isDefault: true })
    .summary('the latest runs')
    .description('Lists the latest runs: how long each took, how fast it was, how many failed.')
    .option('--last <n>', 'how many (default: 10)', wholeNumber(1))
    .argument('[run]', 'the number of a run, to show that one')
    .addHelpText('after', '\nExamples:\n  cardgenius runs\n  cardgenius runs show 3');
  command<ListOptions>(list, async (cli, [number], { last }) => {
    if (number !== undefined) return await showRun(cli, number, undefined);
    await using opened = await cli.open({ beside: true, light: true });
    const most = last ?? 10;
    const found = await opened.history.listRuns(most + 1); // one more, to compare the last with
    cli.print({ runs: found.slice(0, most) }, () => describeRuns(found, most));
  });

  const show = runs
    .command('show')
    .summary('one run: its attempts, stage times and errors')
    .description('Shows a run, where its time went, and its attempts as they began, with what ended each.')
    .argument('<run>', 'the number of a run: see "cardgenius runs"')
    .option('--attempts <n>', 'how many at most, the latest first (default: 50)', wholeNumber(1))
    .addHelpText('after', '\nExample:\n  cardgenius runs show 3 --attempts 200');
  command<ShowOptions>(show, (cli, [number], { attempts }) => showRun(cli, number!, attempts));

  const acts = runs
    .command('acts')
    .summary('who did what: imports, retries, pauses, …')
    .description('Lists the latest acts of persons and programs, on a run or on none, with the login and the person.')
    .option('--last <n>', 'how many (default: 20)', wholeNumber(1))
    .addHelpText('after', '\nExample:\n  cardgenius runs acts --last 100');
  command<ListOptions>(acts, async (cli, _args, { last }) => {
    await using opened = await cli.open({ beside: true, light: true });
    const found = await opened.history.listActs(null, last ?? 20);
    cli.print({ acts: found }, () => (found.length === 0 ? 'No act yet.' : actsTable(found)));
  });
  for (const subcommand of runs.commands) subcommand.exitOverride();
}

async function showRun(cli: Cli, number: string, most = 50): Promise<void> {
  const runId = Number(number);
  if (!Number.isSafeInteger(runId) || runId < 1) {
    throw new UsageError('RUN_NUMBER', `"${number}" is not the number of a run: see "cardgenius runs".`);
  }
  await using opened = await cli.open({ beside: true, light: true });
  const run = await opened.database.readRun(runId, { wait: false });
  if (run === undefined) {
    throw new CardGeniusError('NO_SUCH_RUN', `There is no run ${runId}: see "cardgenius runs".`);
  }
  const attempts = (await opened.history.listAttempts(runId, most)).reverse();
  const acts = await opened.history.listActs(runId, MAX_ACTS);
  cli.print({ run, attempts, acts }, () => describeRun(run, attempts, acts));
}

/** How many acts of a run are shown. */
const MAX_ACTS = 50;

/** The latest `most` of `runs`; one more is there to compare with. */
export function describeRuns(runs: readonly RunProgress[], most: number): string {
  if (runs.length === 0) return 'No run yet. Start one with: cardgenius run';
  const rows = runs
    .slice(0, most)
    .map(run => [
      String(run.runId),
      kindOf(run),
      run.state,
      minuteOf(run.startedAt),
      isHalted(run) ? '' : secondsText(secondsOf(run)),
      group(decidedOf(run)),
      group(run.failed),
      rateText(run),
      isHalted(run) ? '' : group(speedOf(run)),
    ]);
  const header = ['run', 'kind', 'state', 'started (UTC)', 'took', 'users', 'failed', 'error rate', 'users/s'];
  const table = textTable(header, rows, [0, 4, 5, 6, 7, 8]);
  const changed = runs.filter((run, i) => runs[i + 1] !== undefined && run.fingerprint !== runs[i + 1]!.fingerprint);
  if (changed.length === 0) return table;
  const numbers = changed.map(({ runId }) => runId).join(', ');
  return `${table}\nWith another engine, catalogue or limit than the run before: ${numbers}. To look: cardgenius runs show N`;
}

/** Each act with its actor, the latest first. `affected` is users, or rows. */
function actsTable(acts: readonly Act[]): string {
  const rows = acts.map(({ actedAt, act, runId, affected, origin, person, login, subject, reason }) => [
    secondOf(actedAt),
    act,
    runId === null ? '' : String(runId),
    affected === null ? '' : group(affected),
    origin,
    person ?? '',
    login,
    [subject, reason].filter(text => text !== null).join(': '),
  ]);
  return textTable(['when (UTC)', 'act', 'run', 'affected', 'from', 'person', 'login', 'why'], rows, [2, 3]);
}

function describeRun(run: RunProgress, attempts: readonly Attempt[], acts: readonly Act[]): string {
  const { runId, state, reason, chunks, chunksClosed } = run;
  const isDry = run.kind === 'dry_run';
  // The clock went on while the run was paused.
  const speed = acts.some(({ act }) => act === 'resume' || act === 'accept_gate')
    ? 'with its pauses'
    : `${group(speedOf(run))} users/s`;
  const head = [
    `Run ${runId}${isDry ? ', a dry run,' : ''} is ${state}${reason === null ? '' : ` (${reason.replace(/\.$/, '')})`}: ${decidedText(run)}, ` +
      `${chunksClosed} of ${chunks} chunks, ${group(run.rowsWritten)} rows ${isDry ? 'would be written' : 'written'}.`,
    `Started ${minuteOf(run.startedAt)} UTC by ${run.requestedBy}; ${isHalted(run) ? 'work is left' : `took ${secondsText(secondsOf(run))}, ${speed}`}.`,
  ];
  if ((run.violations ?? 0) > 0) {
    head.push(
      `The check after publishing found ${group(run.violations ?? 0)} users whose rows cannot be right (in one chunk: ${run.violated}).`,
    );
  }
  if (acts.length > 0) head.push('', actsTable(acts));
  if (attempts.length === 0) return [...head, '', 'No processor has claimed a chunk of it.'].join('\n');
  const rows = attempts.map(attempt => [
    attempt.startedAt.toISOString().slice(11, 23),
    String(attempt.chunkNo),
    String(attempt.attempt),
    attempt.outcome ?? 'at work',
    millis(attempt.computeMs),
    millis(attempt.loadMs),
    millis(attempt.publishMs),
    attempt.leaseOwner,
    attempt.errorCode === null ? '' : `${attempt.errorCode}: ${attempt.errorMessage ?? ''}`.slice(0, 100),
  ]);
  const header = ['began', 'chunk', 'attempt', 'outcome', 'compute ms', 'load ms', 'publish ms', 'by', 'error'];
  return [...head, '', textTable(header, rows, [1, 2, 4, 5, 6])].join('\n');
}

/** The leased chunks with their processors, and chunks worth a look: those that were tried more than once, or failed. */
export function describeHolders(chunks: readonly ChunkProgress[], now: Date): string | undefined {
  const shown = chunks.filter(({ state, failures }) => state === 'leased' || state === 'failed' || failures > 0);
  if (shown.length === 0) return undefined;
  const rows = shown
    .slice(0, 20)
    .map(chunk => [
      String(chunk.chunkNo),
      chunk.state,
      group(chunk.users),
      String(chunk.attempt),
      chunk.leaseOwner ?? '',
      chunk.state === 'leased' && chunk.startedAt !== null
        ? secondsText((now.getTime() - chunk.startedAt.getTime()) / 1000)
        : '',
      chunk.errorCode ?? '',
    ]);
  const table = textTable(['chunk', 'state', 'users', 'attempt', 'held by', 'for', 'last error'], rows, [0, 2, 3, 5]);
  return shown.length > 20 ? `${table}\nand ${group(shown.length - 20)} more` : table;
}

const kindOf = ({ kind }: RunProgress): string => (kind === 'dry_run' ? 'dry run' : 'real');

/** Paused or stopped with work left: the clock would go on, and the run does not. */
const isHalted = ({ finishedAt, state }: RunProgress): boolean => finishedAt === null && state !== 'running';

function secondsOf({ startedAt, finishedAt }: RunProgress): number {
  return ((finishedAt ?? new Date()).getTime() - startedAt.getTime()) / 1000;
}

function speedOf(run: RunProgress): number {
  const seconds = secondsOf(run);
  return seconds > 0 ? Math.round(decidedOf(run) / seconds) : 0;
}

function rateText(run: RunProgress): string {
  const users = decidedOf(run);
  return users === 0 ? '' : `${((run.failed / users) * 100).toFixed(2)} %`;
}

function secondsText(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

const secondOf = (time: Date): string => time.toISOString().slice(0, 19).replace('T', ' ');
const minuteOf = (time: Date): string => time.toISOString().slice(0, 16).replace('T', ' ');
const millis = (value: number | null): string => (value === null ? '' : group(value));
