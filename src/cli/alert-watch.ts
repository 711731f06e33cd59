import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { AlertMonitor } from '../alerts/alert-monitor.ts';
import { openChannels } from '../alerts/channels.ts';
import type { Notice } from '../alerts/notice.ts';
import { Notifier } from '../alerts/notifier.ts';
import type { Settings } from '../config/settings.ts';
import type { OpenedDatabase } from '../database/open-database.ts';
import { messageOf } from '../model/errors.ts';
import type { Watcher } from '../serve/service.ts';

/** Watches over the fleet; knows its database from `use` on. */
export interface AlertWatch extends Watcher, AsyncDisposable {
  use(opened: OpenedDatabase): void;
}

/** Connects the rules to the log and to the channels; `logTrouble` says why the log cannot be written, if it cannot. */
export function startAlertWatch(
  { alerts, thresholds, schedules, dashboard }: Settings,
  processor: string,
  log: Logger,
  logTrouble: () => string | undefined,
): AlertWatch {
  const notifier = new Notifier({
    channels: openChannels(alerts),
    onTrouble: trouble => log[trouble.isLost ? 'error' : 'warn'](trouble, 'alert not told'),
  });
  const monitor = new AlertMonitor({
    limits: thresholds,
    schedules: schedules.map(({ name }) => name),
    reminderMinutes: alerts.reminderMinutes,
    host: hostname(),
    processor,
    logTrouble,
    dashboardUrl: dashboard.url,
    notify: (notice: Notice, arrived) => {
      log[notice.state === 'closed' ? 'info' : notice.severity === 'critical' ? 'error' : 'warn'](notice, 'alert');
      notifier.notify(notice, arrived);
    },
    onError: error => log.warn({ message: messageOf(error) }, 'rules not looked at'),
  });
  return {
    use: ({ database, history, coordination }) =>
      monitor.use(
        {
          description: database.description,
          readRun: id => database.readRun(id, { wait: false }),
          listRuns: runs => history.listRuns(runs),
        },
        coordination,
      ),
    watch: (now, isNews) => monitor.watch(now, isNews),
    leads: leads => monitor.leads(leads),
    clockIs: (clock, now) => monitor.clockIs(clock, now),
    engineIs: (fault, now) => monitor.engineIs(fault, now),
    databaseIs: (up, now, message) => monitor.databaseIs(up, now, message),
    async [Symbol.asyncDispose]() {
      await notifier[Symbol.asyncDispose]();
      await monitor.recorded();
    },
  };
}
