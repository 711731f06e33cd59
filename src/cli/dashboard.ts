import type { Command } from 'commander';
import type { Dashboard, DashboardOptions as Mounting } from '../dashboard/dashboard.ts';
import type { OpenedDatabase } from '../database/open.ts';
import { type Cli, type CommonOptions, command, wholeNumber } from './cli.ts';

interface DashboardOptions extends CommonOptions {
  readonly port?: number;
  readonly host?: string;
}

export function defineDashboard(program: Command): void {
  const definition = program
    .command('dashboard')
    .description(
      'Serves the dashboard, /metrics, /livez and /readyz until Ctrl-C. It shows what the database says, whoever does the work, ' +
        'and changes nothing. The embedded database lets one process in at a time: there, use "cardgenius run --dashboard".',
    )
    .option('--port <n>', 'default: 8787; 0 is any that is free', wholeNumber(0))
    .option('--host <address>', 'default: 127.0.0.1. Any other needs CARDGENIUS_DASHBOARD_TOKEN')
    .addHelpText(
      'after',
      '\nExamples:\n  cardgenius dashboard\n  CARDGENIUS_DASHBOARD_TOKEN=… cardgenius dashboard --host 0.0.0.0',
    );
  command<DashboardOptions>(definition, async (cli, _args, { port, host }) => {
    const { DEFAULT_PORT, checkAddress } = await import('../dashboard/rights.ts');
    const address = { host: host ?? '127.0.0.1', port: port ?? DEFAULT_PORT };
    checkAddress(address, tokensOf(cli)); // told before a database is opened
    await using opened = await cli.open();
    const dashboard = await mountDashboard(cli, opened, { mayAct: false });
    const url = await dashboard.listen(address);
    cli.print({ url }, () => `The dashboard is at ${url} (Ctrl-C ends it).`);
    await new Promise(resolve => process.once('SIGINT', resolve).once('SIGTERM', resolve));
    await dashboard.close();
  });
}

/** `run --dashboard [ADDRESS]`: checked before anything is opened. */
export async function dashboardAddress(cli: Cli, option: string | true) {
  const { DEFAULT_PORT, checkAddress, parseAddress } = await import('../dashboard/rights.ts');
  const address = parseAddress(option === true ? String(DEFAULT_PORT) : option);
  checkAddress(address, tokensOf(cli));
  return address;
}

/** A dashboard of an open database, not listening yet. Only who serves can fire a schedule: `runNow`. */
export async function mountDashboard(
  cli: Cli,
  opened: OpenedDatabase,
  { mayAct, runNow }: { mayAct: boolean; runNow?: Mounting['runNow'] },
): Promise<Dashboard> {
  const [{ createDashboard }, { listFailures }, { lookUpUser }, { outlookOf }, { readManifest }] = await Promise.all([
    import('../dashboard/dashboard.ts'),
    import('../exchange/failures.ts'),
    import('../dashboard/user.ts'),
    import('../telemetry/schedule-outlook.ts'),
    import('../package.ts'),
  ]);
  const { database, history, audit, service, pools } = opened;
  const { schedules, errorRateLimit } = cli.settings;
  const outlook = () => outlookOf(schedules, service, Date.now());
  return createDashboard({
    database,
    history,
    audit: mayAct ? audit : undefined,
    providers: {
      failures: () => listFailures(audit),
      user: userId => lookUpUser(database, history, cli.settings, userId),
      alerts: () => service.listAlerts(false, SHOWN),
      processors: () => service.listProcessors(SHOWN),
      ...(schedules.length === 0 ? {} : { schedules: outlook }),
    },
    runNow: schedules.length === 0 ? undefined : runNow,
    pools,
    serviceState: async () => {
      const [runs, openAlerts, told] = await Promise.all([
        history.listRuns(SHOWN),
        service.listAlerts(true, MAX_OPEN_ALERTS),
        outlook(),
      ]);
      const success = runs.find(({ kind, state }) => kind === 'batch' && state === 'done')?.finishedAt ?? undefined;
      return { lastSuccess: success, openAlerts, schedules: told };
    },
    tokens: tokensOf(cli),
    errorRateLimit,
    version: readManifest().version,
  });
}

/** Rows of a list that people look at. */
const SHOWN = 20;
const MAX_OPEN_ALERTS = 1_000;

function tokensOf({ settings: { dashboard } }: Cli) {
  return {
    read: dashboard.token?.reveal(),
    act: dashboard.actToken?.reveal(),
    metrics: dashboard.metricsToken?.reveal(),
  };
}
