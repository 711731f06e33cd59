import type { Command } from 'commander';
import type { ChunkProgress } from '../database/history.ts';
import type { OpenedDatabase } from '../database/open-database.ts';
import type { EngineIdentity } from '../engine/engine.ts';
import { GOES_ON, RESUME, remedyLines, remedyOf } from '../model/codes.ts';
import { messageOf } from '../model/errors.ts';
import { group } from '../model/format.ts';
import { decidedOf, decidedText, type RunProgress, type UserCounts } from '../model/run.ts';
import { isPresent, type SeenProcessor } from '../model/service.ts';
import { wallAt } from '../schedule/time-zone.ts';
import { figuresOf } from '../telemetry/figures.ts';
import { type CommonOptions, command, wholeNumber } from './cli.ts';
import { describeHolders } from './runs-command.ts';
import { configuredEngine, otherEngine } from './steer-command.ts';
import { textTable } from './table.ts';

interface StatusOptions extends CommonOptions {
  readonly watch?: boolean;
  readonly every?: number;
}

/** How many chunks are asked for at most: 10,000 of the usual size are a hundred million users. */
const MAX_CHUNKS = 10_000;
/** How many processors are asked for at most. */
const MAX_PROCESSORS = 100;
/** How many open alerts are counted at most. */
const MAX_ALERTS = 100;
const BAR_WIDTH = 40;
/** How often `--watch` counts the users, which scans the table; the figures of the run are read each time. */
const COUNT_USERS_EVERY_MS = 60_000;

export function defineStatus(program: Command): void {
  const definition = program
    .command('status')
    .description('Counts the users by status, and shows the latest run with the processors that hold its chunks.')
    .option(
      '--watch',
      'show it again and again, until Ctrl-C, the users counted once a minute; with --json, a line each time',
    )
    .option('--every <seconds>', 'with --watch: how often (default: 2)', wholeNumber(1))
    .addHelpText('after', '\nExamples:\n  cardgenius status\n  cardgenius status --watch --every 5');
  command<StatusOptions>(definition, async (cli, _args, { watch, every }) => {
    await using opened = await cli.open({ beside: true, light: true });
    let users: UserCounts | undefined;
    let countedAt = 0;
    let looked: Promise<EngineIdentity | undefined> | undefined;
    const show = async () => {
      if (users === undefined || Date.now() - countedAt >= COUNT_USERS_EVERY_MS) {
        users = await opened.database.countUsers();
        countedAt = Date.now();
        looked = undefined;
      }
      const counted = users;
      const { run, before, chunks, processors, alerts } = await readStatus(opened);
      const { description } = opened.database;
      const now = new Date();
      if (!cli.isJson && run !== null && isLeft(run, chunks, now)) looked ??= configuredEngine(cli.settings);
      const engine = await looked;
      cli.print({ database: description, ...counted, run, processors }, () =>
        [
          description,
          '',
          describeStatus(counted, run, chunks, now, before, cli.settings.enginePath, engine),
          ...describeEnd(run, chunks, now, cli.settings.schedules[0]?.timeZone ?? 'UTC'),
          ...(alerts === 0
            ? []
            : [`${alerts === 1 ? 'An alert is' : `${alerts} alerts are`} open: cardgenius alerts list`]),
          ...describeProcessors(processors, cli.settings.leaseSeconds),
        ].join('\n'),
      );
    };
    if (watch !== true) return await show(); // awaited here, before the database is closed

    const stop = new AbortController();
    const onSignal = () => stop.abort();
    process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
    while (!stop.signal.aborted) {
      if (process.stdout.isTTY && !cli.isJson) process.stdout.write('\x1b[H\x1b[2J');
      // A watcher outlives the database: it says so, and asks again.
      await show().catch(error => cli.note(`The database does not answer: ${messageOf(error)}`));
      await pause((every ?? 2) * 1000, stop.signal);
    }
  });
}

/** So many runs are looked through for the last one that had users. */
const RUNS_BEFORE = 50;

async function readStatus({ database, history, coordination }: OpenedDatabase) {
  const run = (await database.readRun(null, { wait: false })) ?? null;
  const isEmpty = run !== null && run.finishedAt !== null && run.plannedUsers === 0;
  const before = isEmpty
    ? (await history.listRuns(RUNS_BEFORE)).find(({ plannedUsers }) => plannedUsers > 0)
    : undefined;
  const isActive = run !== null && run.finishedAt === null;
  const chunks = isActive ? await history.listChunks(run.runId, 0, MAX_CHUNKS) : [];
  const processors = (await coordination.listProcessors(MAX_PROCESSORS)).filter(isPresent);
  const alerts = (await coordination.listAlerts(true, MAX_ALERTS)).length;
  return { run, before, chunks, processors, alerts };
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** How many bids may be late before a leader is doubted. */
const LATE_BIDS = 3;

/** The processors at work; empty without any. A leader that died leads on until its lease ends: so long no slot is decided, and no alert sent. */
export function describeProcessors(processors: readonly SeenProcessor[], leaseSeconds: number): string[] {
  if (processors.length === 0) return [];
  const bidSeconds = Math.min(10, leaseSeconds / 3);
  const leading = ({ silentSeconds, lastSeen }: SeenProcessor) => {
    if (silentSeconds <= LATE_BIDS * bidSeconds) return 'leads';
    const until = new Date(lastSeen.getTime() + leaseSeconds * 1_000);
    return `silent; its lease as leader ends ${until.toISOString().slice(11, 19)}Z`;
  };
  const rows = processors.map(processor => [
    processor.id,
    processor.version,
    `${processor.startedAt.toISOString().slice(0, 19)}Z`,
    `${group(processor.silentSeconds)} s ago`,
    processor.leads ? leading(processor) : '',
  ]);
  return ['', textTable(['processor', 'engine version', 'started', 'seen', ''], rows, [3])];
}

export function describeStatus(
  users: UserCounts,
  run: RunProgress | null,
  chunks: readonly ChunkProgress[],
  now: Date,
  before?: RunProgress,
  enginePath?: string,
  engine?: Pick<EngineIdentity, 'name' | 'version' | 'fingerprint'>,
): string {
  const statuses = ['new', 'pending', 'completed', 'failed'] as const;
  const table = textTable([...statuses], [statuses.map(status => group(users[status]))], [0, 1, 2, 3]);
  const counted =
    users.other === 0
      ? [table]
      : [
          table,
          `${group(users.other)} users have another status or none: no run looks for them (cardgenius verify --csv FILE lists them).`,
        ];
  if (run === null) return `${counted.join('\n')}\n\nNo run yet. Start one with: cardgenius run`;
  if (before !== undefined) {
    const at = `${run.startedAt.toISOString().slice(0, 16)}Z`;
    return [
      ...counted,
      '',
      `Run ${run.runId} found no user due (${at}). The last run with users:`,
      ...describeRun(before),
    ].join('\n');
  }
  const holders = describeHolders(chunks, now);
  return [
    ...counted,
    '',
    ...describeRun(run),
    ...nextSteps(users, run, chunks, now, enginePath, engine),
    ...(holders === undefined ? [] : ['', holders]),
  ].join('\n');
}

/** When the active run is expected to end, at the slower of its two speeds as in /metrics, by a zone's clock; nothing where that cannot be known. */
export function describeEnd(
  run: RunProgress | null,
  chunks: readonly ChunkProgress[],
  now: Date,
  timeZone: string,
): string[] {
  if (run === null || isLeft(run, chunks, now)) return [];
  const { left } = figuresOf(run, chunks, now);
  if (left === null) return [];
  const end = Math.floor(now.getTime() / 1000 + left.high) * 1000;
  const wall = wallAt(end, timeZone);
  const ahead = Math.round(Math.abs(wall - end) / 60_000);
  const digits = (value: number) => String(value).padStart(2, '0');
  const offset = `${wall < end ? '-' : '+'}${digits(Math.floor(ahead / 60))}:${digits(ahead % 60)}`;
  const at = new Date(wall).toISOString().slice(11, 16);
  return [
    `Run ${run.runId} is expected to end at about ${at} (${offset}), ${group(Math.ceil(left.high / 60))} min left.`,
  ];
}

/** A run that would go on, and that no processor works on. */
function isLeft({ state, finishedAt }: RunProgress, chunks: readonly ChunkProgress[], now: Date): boolean {
  if (state === 'paused' || finishedAt !== null) return false;
  return !chunks.some(({ leaseUntil }) => leaseUntil !== null && leaseUntil > now);
}

/** What to look at and to do next, where something waits for a person. */
function nextSteps(
  users: UserCounts,
  run: RunProgress,
  chunks: readonly ChunkProgress[],
  now: Date,
  enginePath: string | undefined,
  engine: Pick<EngineIdentity, 'name' | 'version' | 'fingerprint'> | undefined,
): string[] {
  const steps: string[] = [];
  if (run.state === 'paused') {
    const goOn = `remove the cause, then: ${RESUME}; or: cardgenius cancel`;
    steps.push(
      remedyLines(
        remedyOf(run.reason ?? '', enginePath) ?? {
          look: `cardgenius runs show ${run.runId}: who paused it, and when`,
          goOn,
        },
      ),
    );
  } else if (isLeft(run, chunks, now)) {
    steps.push(`No processor works on it now. ${otherEngine(run, engine) ?? GOES_ON}`);
  }
  if (users.failed > 0) steps.push(`${group(users.failed)} users have failed; why: cardgenius errors`);
  return steps;
}

function describeRun(run: RunProgress): string[] {
  const { runId, state, reason, startedAt, finishedAt, chunksClosed, round, plannedUsers } = run;
  const done = decidedOf(run);
  const share = plannedUsers === 0 ? 1 : Math.min(1, done / plannedUsers);
  const filled = Math.round(share * BAR_WIDTH);
  return [
    `Run ${runId}${run.kind === 'dry_run' ? ', a dry run,' : ''} is ${state}${reason === null ? '' : ` (${reason.replace(/\.$/, '')})`}: ${chunksClosed} of ${run.chunks} chunks, ` +
      `${decidedText(run)}, round ${round}.`,
    `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${Math.floor(share * 100)} % · ${group(done)} of ${group(plannedUsers)} users`,
    `Started ${startedAt.toISOString()}${finishedAt === null ? '' : `, finished ${finishedAt.toISOString()}`}.`,
  ];
}
