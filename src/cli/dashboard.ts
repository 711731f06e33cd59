import type { Command } from 'commander';
import type { Schedule } from '../config/service-schema.ts';
import type { OpenedDatabase } from '../database/open.ts';
import type { ServiceDatabase } from '../database/service-database.ts';
import type { Dashboard } from '../monitor/dashboard/dashboard.ts';
import { type Cli, type CommonOptions, command, wholeNumber } from './cli.ts';

interface DashboardOptions extends CommonOptions {
  readonly port?: number;
  readonly host?: string;
}

export function defineDashboard(program: Command): void {
  const definition = program
    .command('dashboard')
    .summary('a page that shows the runs of a database; for looking only')
    .description(
      'Serves the dashboard, /metrics, /healthz and /readyz until Ctrl-C. It shows what the database says, whoever does the work, ' +
        'and changes nothing. The embedded database lets one process in at a time: there, use "cardgenius run --dashboard".',
    )
    .option('--port <n>', 'default: 8787; 0 is any that is free', wholeNumber(0))
    .option('--host <address>', 'default: 127.0.0.1. Any other needs CARDGENIUS_DASHBOARD_TOKEN')
    .addHelpText(
      'after',
      '\nExamples:\n  cardgenius dashboard\n  CARDGENIUS_DASHBOARD_TOKEN=… cardgenius dashboard --host 0.0.0.0',
    );
  command<DashboardOptions>(definition, async (cli, _args, { port, host }) => {
    const { DEFAULT_PORT, checkAddress } = await import('../monitor/dashboard/rights.ts');
    const address = { host: host ?? '127.0.0.1', port: port ?? DEFAULT_PORT };
    checkAddress(address, tokensOf(process.env)); // told before a database is opened
    await using opened = await cli.open();
    const dashboard = await mountDashboard(cli, opened, { mayAct: false });
    const url = await dashboard.listen(address);
    cli.print({ url }, () => `The dashboard is at ${url} (Ctrl-C ends it).`);
    await new Promise(resolve => process.once('SIGINT', resolve).once('SIGTERM', resolve));
    await dashboard.close();
  });
}

/** `run --dashboard [ADDRESS]`: checked before anything is opened. */
export async function dashboardAddress(option: string | true) {
  const { DEFAULT_PORT, checkAddress, parseAddress } = await import('../monitor/dashboard/rights.ts');
  const address = parseAddress(option === true ? String(DEFAULT_PORT) : option);
  checkAddress(address, tokensOf(process.env));
  return address;
}

/** A dashboard of an open database, not listening yet. */
export async function mountDashboard(
  cli: Cli,
  opened: OpenedDatabase,
  { mayAct }: { mayAct: boolean },
): Promise<Dashboard> {
  const [{ createDashboard }, { listFailures }, { lookUpUser }, { default: manifest }] = await Promise.all([
    import('../monitor/dashboard/dashboard.ts'),
    import('../audit/failures.ts'),
    import('../monitor/dashboard/user.ts'),
    import('../../package.json', { with: { type: 'json' } }),
  ]);
  const { database, history, audit, service } = opened;
  return createDashboard({
    database,
    history,
    audit: mayAct ? audit : undefined,
    providers: {
      failures: () => listFailures(audit),
      user: userId => lookUpUser(database, history, cli.settings, userId),
      alerts: () => service.listAlerts(false, SHOWN),
      processors: () => service.listProcessors(PRESENT_SECONDS),
      ...(cli.settings.schedules.length === 0 ? {} : { schedules: () => schedulesOf(cli.settings.schedules, service) }),
    },
    tokens: tokensOf(process.env),
    errorRateLimit: cli.settings.errorRateLimit,
    version: manifest.version,
  });
}

const SHOWN = 20;
/** Who was not seen for so long is not shown any more: an hour tells of who was killed just now. */
export const PRESENT_SECONDS = 3_600;

/** What fires when, and what came of the last: times in UTC, for the page to set in its own zone. */
async function schedulesOf(
  schedules: readonly Schedule[],
  service: Pick<ServiceDatabase, 'listFires'>,
): Promise<object[]> {
  const { nextSlots } = await import('../schedule/slots.ts');
  return Promise.all(
    schedules.map(async ({ name, cron, timeZone }) => {
      const [last] = await service.listFires(name, 1);
      const [next] = nextSlots({ cron, timeZone }, Date.now(), 1);
      return {
        name,
        cron,
        timeZone,
        next: next ?? null,
        last: last?.plannedAt ?? null,
        decision: last?.decision ?? null,
      };
    }),
  );
}

function tokensOf(env: NodeJS.ProcessEnv) {
  return { read: env.CARDGENIUS_DASHBOARD_TOKEN || undefined, act: env.CARDGENIUS_DASHBOARD_ACT_TOKEN || undefined };
}
