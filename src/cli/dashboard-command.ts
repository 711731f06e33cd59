import type { Command } from 'commander';
import { lookOf } from '../alerts/finding.ts';
import type { SteerRequest } from '../dashboard/act-routes.ts';
import type { Address } from '../dashboard/address.ts';
import type { Dashboard, DashboardOptions as Mounting } from '../dashboard/dashboard.ts';
import type { Place } from '../dashboard/look-routes.ts';
import type { Tokens } from '../dashboard/tokens.ts';
import type { OpenedDatabase } from '../database/open-database.ts';
import { CardGeniusError } from '../model/errors.ts';
import { type Cli, type CommonOptions, command, wholeNumber } from './cli.ts';

interface DashboardOptions extends CommonOptions {
  readonly port?: number;
  readonly host?: string;
  readonly open?: boolean;
}

export function defineDashboard(program: Command): void {
  const definition = program
    .command('dashboard')
    .description(
      'Serves the dashboard, /metrics, /livez and /readyz until Ctrl-C. It shows what the database says of all processors, ' +
        'and changes nothing: to act on the page, cardgenius serve or cardgenius run --dashboard.',
    )
    .option('--port <n>', 'default: 8787; 0 is any that is free', wholeNumber(0))
    .option('--host <address>', 'default: 127.0.0.1. Any other needs CARDGENIUS_DASHBOARD_TOKEN')
    .option('--open', 'without a token: every user of this machine may read')
    .addHelpText(
      'after',
      '\nExamples:\n  cardgenius dashboard\n  CARDGENIUS_DASHBOARD_TOKEN=… cardgenius dashboard --host 0.0.0.0',
    );
  command<DashboardOptions>(definition, async (cli, _args, { port, host, open }) => {
    const { DEFAULT_PORT } = await import('../dashboard/address.ts');
    const door = await doorAt(cli, { host: host ?? '127.0.0.1', port: port ?? DEFAULT_PORT }, open);
    await using opened = await cli.open({ beside: true });
    const dashboard = await mountDashboard(cli, opened, { door, mayAct: false, note: noteOn(cli) });
    const url = await dashboard.listen(door.address);
    cli.print({ url }, () => `The dashboard is at ${url} (Ctrl-C ends it).`);
    noteToken(cli, url, door);
    await new Promise(resolve => process.once('SIGINT', resolve).once('SIGTERM', resolve).once('SIGHUP', resolve));
    await dashboard.close();
  });
}

/** The help of --open where the dashboard lets people act: in `run` and `serve`. */
export const OPEN_HELP = 'without a token: every user of this machine may read, and act';

/** Where a dashboard listens, and what lets a visitor in; `made` is a token of this start alone. */
export interface Door {
  readonly address: Address;
  readonly tokens: Tokens;
  readonly made: string | undefined;
}

/** `--dashboard [ADDRESS]`: checked before anything is opened. Throws UsageError (DASHBOARD_ADDRESS, DASHBOARD_TOKEN). */
export async function dashboardDoor(cli: Cli, option: string | true, isOpen = false): Promise<Door> {
  const { DEFAULT_PORT, parseAddress } = await import('../dashboard/address.ts');
  return doorAt(cli, parseAddress(option === true ? String(DEFAULT_PORT) : option), isOpen);
}

async function doorAt({ settings: { dashboard } }: Cli, address: Address, isOpen = false): Promise<Door> {
  const { tokensFor } = await import('../dashboard/tokens.ts');
  const configured = {
    read: dashboard.token?.reveal(),
    act: dashboard.actToken?.reveal(),
    metrics: dashboard.metricsToken?.reveal(),
  };
  return { address, ...tokensFor(address, configured, { isOpen, hasTerminal: process.stderr.isTTY === true }) };
}

/** A token that was made now is printed on the terminal, behind '#', where no server and no log of one sees it. */
export function noteToken(cli: Cli, url: string, { made }: Door): void {
  if (made !== undefined) cli.note(`Open ${url}#token=${made} (the token is of this start alone; --open: none)`);
}

/** Sign-ins, look-ups and acts where there is no log: a line on stderr. */
export const noteOn =
  (cli: Cli): Mounting['note'] =>
  event => {
    if (event.type !== 'signed-in' && event.type !== 'signed-out') cli.note(JSON.stringify(event));
  };

/** A dashboard of an open database, not listening yet. Only `serve` can fire a schedule: `runNow`. */
export async function mountDashboard(
  cli: Cli,
  opened: OpenedDatabase,
  { door, mayAct, runNow, note }: { door: Door; mayAct: boolean; runNow?: Mounting['runNow']; note: Mounting['note'] },
): Promise<Dashboard> {
  const [{ createDashboard }, { listFailures }, { lookUpUser }, { scheduleOutlook }, { readManifest }] =
    await Promise.all([
      import('../dashboard/dashboard.ts'),
      import('../exchange/failures.ts'),
      import('../dashboard/user.ts'),
      import('../telemetry/schedule-outlook.ts'),
      import('../package.ts'),
    ]);
  const { database, history, audit, coordination, maintenance, pools } = opened;
  const { schedules, errorRateLimit } = cli.settings;
  const outlook = () => scheduleOutlook(schedules, coordination, Date.now());
  return createDashboard({
    database,
    history,
    audit: mayAct
      ? {
          retryUsers: async (filter, person) => {
            const users = await audit.retryUsers(filter);
            await maintenance.recordAct('retry', { origin: 'page', person }, { subject: filter.code, affected: users });
            return users;
          },
        }
      : undefined,
    providers: {
      // Code and count alone: the text of a failure has spends, and the driver's has whole rows.
      failures: async () => (await listFailures(audit)).map(({ error: _, ...failed }) => failed),
      user: userId => lookUpUser(database, history, cli.settings, userId),
      acts: runId => history.listActs(runId, SHOWN),
      commonestFailure: async runId => {
        const { example: _, ...found } = (await coordination.commonestFailure(runId)) ?? { example: null };
        return found;
      },
      place: () => placeOf(opened),
      alerts: async () =>
        (await coordination.listAlerts(false, SHOWN)).map(alert => ({
          ...alert,
          look: lookOf(alert.rule, alert.subject),
        })),
      processors: () => coordination.listProcessors(SHOWN),
      ...(schedules.length === 0 ? {} : { schedules: outlook }),
    },
    runNow: schedules.length === 0 ? undefined : runNow,
    pools,
    serviceState: async () => {
      const [runs, openAlerts, told] = await Promise.all([
        history.listRuns(SHOWN),
        coordination.listAlerts(true, MAX_OPEN_ALERTS),
        outlook(),
      ]);
      const success = runs.find(({ kind, state }) => kind === 'batch' && state === 'done')?.finishedAt ?? undefined;
      return { lastSuccess: success, openAlerts, schedules: told };
    },
    tokens: door.tokens,
    trustedProxies: cli.settings.dashboard.trustedProxies,
    userHeader: cli.settings.dashboard.userHeader,
    ...(note === undefined ? {} : { note }),
    steer: mayAct ? request => steerAs(opened, request) : undefined,
    errorRateLimit,
    version: readManifest().version,
  });
}

/** How many rows a list of the page has. */
const SHOWN = 20;
const MAX_OPEN_ALERTS = 1_000;

/** What a person does to a run on the page, as the commands of the same names do. Throws RUN_IS_OVER. */
async function steerAs({ database }: OpenedDatabase, { runId, act, reason, person }: SteerRequest) {
  const { steer } = await import('./steer-command.ts');
  const state = act === 'pause' ? 'paused' : act === 'cancel' ? 'cancelled' : 'running';
  const latest = await database.readRun(null, { wait: false });
  if (latest?.runId !== runId)
    throw new CardGeniusError('RUN_IS_OVER', `Run ${runId} is over: look at the page again.`);
  const said = reason ?? `${act} on the dashboard`;
  const { state: now } = await steer(database, state, said, {
    acceptGate: act === 'accept-gate',
    by: { origin: 'page', person },
  });
  return { runId, state: now };
}

/** The database's place and version, as far as this login may ask. */
async function placeOf({ database, maintenance }: OpenedDatabase): Promise<Place> {
  interface Settings {
    readonly version: string;
    readonly edition?: string;
  }
  const [row] = (await maintenance.ask<Settings>('settings').catch(() => undefined)) ?? [];
  const product = maintenance.dialect === 'mssql' ? 'SQL Server' : 'PostgreSQL';
  const version = row && [product, row.version, row.edition].filter(Boolean).join(' ');
  return { database: database.description, version };
}
