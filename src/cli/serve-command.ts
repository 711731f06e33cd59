import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import { runTerms } from '../batch/run-batch.ts';
import { SchemaWatch } from '../database/migrate/schema-watch.ts';
import type { OpenedDatabase } from '../database/open-database.ts';
import { DatabaseError } from '../model/errors.ts';
import { CurrentEngine, type EngineNews } from '../serve/current-engine.ts';
import { fireByHand } from '../serve/fire-by-hand.ts';
import { FleetClock } from '../serve/fleet-clock.ts';
import { serveHealth } from '../serve/health.ts';
import { Service } from '../serve/service.ts';
import { createServiceLog, logEvent, logStart } from '../telemetry/log.ts';
import { LogDestination } from '../telemetry/log-destination.ts';
import { RunLogs } from '../telemetry/run-logs.ts';
import { requireRights } from '../tools/doctor/login-rights.ts';
import { startAlertWatch } from './alert-watch.ts';
import { type Cli, type CommonOptions, command, wholeNumber } from './cli.ts';
import { type Door, dashboardDoor, mountDashboard, noteToken, OPEN_HELP } from './dashboard-command.ts';
import { parityCheck } from './parity-check.ts';
import { LOG_DIR_HELP } from './run-with-progress.ts';
import { stopOnSignal, thisProcessor } from './this-process.ts';

interface ServeOptions extends CommonOptions {
  readonly dashboard?: string | true;
  readonly port?: number;
  readonly open?: boolean;
  readonly logDir?: string;
}

export function defineServe(program: Command): void {
  const definition = program
    .command('serve')
    .description(
      'Runs for months, in any number of processes: one of them leads, all work. Each slot of a schedule runs once in the fleet. ' +
        'Missed slots are treated by their policy. It waits for a database that is down. JSON lines on stdout.',
    )
    .option('--dashboard [address]', 'serve the dashboard as well, at PORT or HOST:PORT (default: 127.0.0.1:8787)')
    .option('--log-dir <dir>', LOG_DIR_HELP)
    .option('--open', `with --dashboard: ${OPEN_HELP}`)
    .option('--port <n>', 'the same, at this port of 127.0.0.1', wholeNumber(0))
    .addHelpText(
      'after',
      '\nExamples:\n  cardgenius serve --dashboard\n  CARDGENIUS_SERVICE_HEALTH=0.0.0.0:8080 cardgenius serve',
    );
  command<ServeOptions>(definition, async (cli, _args, { dashboard, port, open, logDir }) => {
    const wanted = dashboard ?? (port === undefined ? cli.settings.dashboard.address : String(port));
    const door = wanted === 'off' ? undefined : await dashboardDoor(cli, wanted, open);
    const stop = stopOnSignal();
    try {
      await serve(cli, stop.signal, door, logDir);
    } finally {
      stop.release();
    }
  });
}

async function serve(
  cli: Cli,
  signal: AbortSignal,
  door: Door | undefined,
  logFolder: string | undefined,
): Promise<void> {
  const { settings } = cli;
  const destination = new LogDestination(settings.log.file ?? 1);
  const log = createServiceLog(settings.log, destination);
  // A file that cannot be loaded ends nothing: the service lives, tells, and tries again at the next fire.
  let onNews = (_news: EngineNews) => {};
  const clock = new FleetClock();
  const engine = new CurrentEngine(settings, news => onNews(news));
  await engine.tryToLoad();
  const processor = thisProcessor(engine.known ?? { version: 'none' });
  const runLogs =
    logFolder === undefined
      ? undefined
      : new RunLogs(logFolder, {
          level: settings.log.level,
          processor: processor.id,
          onTrouble: about => log.warn(about, 'the log of a run cannot be opened'),
        });
  logStart(
    log,
    processor.id,
    settings.schedules.map(({ name }) => name),
  );

  // Before the database is opened: while it is away, health answers and alerts are sent.
  let ready: { readonly notReady: string | undefined } = { notReady: 'NOT_ASKED_YET' };
  await using _health = await serveHealth(settings.service.health, () => ready.notReady);
  await using watch = startAlertWatch(settings, processor.id, log, () => destination.trouble ?? runLogs?.trouble);
  onNews = news => {
    const { type, ...rest } = news;
    log[type === 'engine' ? 'info' : 'error'](rest, type);
    watch.engineIs(news.type === 'engine' ? undefined : `${news.code}: ${news.message}`, clock.now());
  };
  if (engine.fault !== undefined) onNews({ type: 'engine-unusable', ...engine.fault });
  await using opened = await openPatiently(cli, log, signal, ({ code, message }) => {
    ready = { notReady: code };
    watch.databaseIs(false, clock.now(), message);
  });
  if (opened === undefined) return;

  await requireRights(opened.maintenance, 'cardgenius_processor').catch(error => {
    if (!(error instanceof DatabaseError)) throw error;
    log.warn({ code: error.code, message: error.message }, 'the rights of this login cannot be looked at');
  });
  watch.use(opened);
  // What an instance before this one told of this machine is over, where this one can load the engine.
  if (engine.fault === undefined) watch.engineIs(undefined, clock.now());
  const { coordination } = opened;
  const dashboard =
    door &&
    (await mountDashboard(cli, opened, {
      door,
      mayAct: true,
      note: ({ type, ...event }) => log[type === 'sign-in-refused' ? 'warn' : 'info'](event, type),
      runNow: (name, person) =>
        fireByHand(name, {
          coordination,
          schedules: settings.schedules,
          terms: async userLimit => runTerms(await engine.load(), settings, 'batch', userLimit),
          decidedBy: processor.id,
          note: 'by hand, on the dashboard',
          by: { origin: 'page', person },
        }),
    }));
  if (dashboard !== undefined) {
    const url = await dashboard.listen(door!.address);
    log.info({ url }, 'dashboard');
    noteToken(cli, url, door!);
  }
  const running = new Service({
    database: opened.database,
    coordination,
    settings,
    schedules: settings.schedules,
    fireLateSeconds: settings.thresholds.fireLateSeconds,
    engine,
    processor,
    clock,
    check: parityCheck(cli, opened),
    watcher: watch,
    onEvent: ({ type, ...event }) => log[type === 'trouble' ? 'warn' : 'info'](event, type),
    batchListener: event => {
      logEvent(log, event);
      runLogs?.listener(event);
      dashboard?.listener(event);
    },
  });
  ready = running;
  log.info({ database: opened.database.description }, 'started');
  using schema = new SchemaWatch(opened.target);
  await running
    .run(AbortSignal.any([signal, schema.signal]))
    .finally(() => dashboard?.close())
    .finally(() => watch[Symbol.asyncDispose]()) // while the database is open: what was told is recorded
    .finally(() => runLogs?.close());
  schema.check(); // a newer program's database: started again, this one is refused by the same sentence
  log.info({}, 'stopped');
}

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 30_000;
/** How often an embedded folder is asked for that a short command has: as often as other commands ask, or each of them would come first. */
const HELD_DELAY_MS = 250;

/** Opens the database however long it is away; undefined where the signal came first. An error that no wait can fix is thrown. */
async function openPatiently(
  cli: Cli,
  log: Logger,
  signal: AbortSignal,
  onFailure: (error: DatabaseError) => void,
): Promise<OpenedDatabase | undefined> {
  let said = '';
  for (let outageMs = FIRST_DELAY_MS; ; ) {
    try {
      return await cli.open({ create: true, stays: true, waits: false });
    } catch (error) {
      if (!mayCome(error)) throw error;
      if (signal.aborted) return undefined;
      onFailure(error);
      const isHeld = error.code === 'DATABASE_IN_USE';
      const delayMs = isHeld ? HELD_DELAY_MS : outageMs;
      if (!isHeld || said !== error.message) {
        log.warn({ code: error.code, message: error.message, retryInMs: delayMs }, 'waiting for the database');
      }
      said = error.message;
      await sleep(delayMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return undefined;
      if (!isHeld) outageMs = Math.min(MAX_DELAY_MS, outageMs * 2);
    }
  }
}

/** DATABASE_UNKNOWN: a server that has just started recovers its databases one by one. */
function mayCome(error: unknown): error is DatabaseError {
  if (!(error instanceof DatabaseError)) return false;
  return error.errorClass === 'transient' || error.errorClass === 'ambiguous' || error.code === 'DATABASE_UNKNOWN';
}
