import { Command } from 'commander';
import { newId, openChannels } from '../alerts/channels.ts';
import { lookOf } from '../alerts/finding.ts';
import { CardGeniusError, messageOf, UsageError } from '../model/errors.ts';
import type { Alert } from '../model/service.ts';
import { type Cli, type CommonOptions, command } from './cli.ts';

interface ListOptions extends CommonOptions {
  readonly all?: boolean;
}

const LISTED = 50;

export function defineAlerts(program: Command): void {
  const alerts = program
    .command('alerts')
    .description('Looks at the alerts, and tries the channels that tell of them.');
  const list = new Command('list')
    .summary('the alerts that are open')
    .description('Shows the alerts that are open, latest first; with --all also those that are over.')
    .option('--all', 'also those that are over');
  const test = new Command('test')
    .summary('tell every channel something harmless')
    .description('Sends one message to every channel of the configuration, once, and says which of them took it.');
  alerts.addCommand(list).addCommand(test);
  command<ListOptions>(list, async (cli, _args, { all }) => listAlerts(cli, all === true));
  command<CommonOptions>(test, async cli => testChannels(cli));
}

async function listAlerts(cli: Cli, all: boolean): Promise<void> {
  await using opened = await cli.open({ beside: true, light: true });
  const alerts = await opened.coordination.listAlerts(!all, LISTED);
  const shown = alerts.map(alert => ({ ...alert, look: lookOf(alert.rule, alert.subject) }));
  cli.print({ alerts: shown }, () => {
    if (alerts.length === 0) return all ? 'No alert yet.' : 'No alert is open.';
    return alerts.map(describeAlert).join('\n');
  });
}

/** Two lines: whether it is open or over, and since or until when; and what it says, or said. Of an open one a third: where to look. */
export function describeAlert({ rule, subject, severity, message, openedAt, closedAt }: Alert): string {
  const [state, span, said] =
    closedAt === null
      ? ['open', `since ${openedAt.toISOString()}`, message]
      : ['over', `from ${openedAt.toISOString()} to ${closedAt.toISOString()}`, `It said: ${message}`];
  const lines = [said, ...(closedAt === null ? [`Look at: ${lookOf(rule, subject)}`] : [])];
  return `${state}  ${severity.padEnd(8)}  ${rule}: ${subject}, ${span}${lines.map(line => `\n                ${line}`).join('')}`;
}

async function testChannels(cli: Cli): Promise<void> {
  const channels = openChannels(cli.settings.alerts);
  if (channels.length === 0) {
    throw new UsageError('NO_CHANNELS', 'No channel is configured: see "alerts" in docs/configuration.md.');
  }
  const now = new Date();
  const notice = {
    state: 'test',
    rule: 'test',
    subject: 'nothing is wrong',
    severity: 'warning',
    message: 'An operator ran "cardgenius alerts test": this channel works.',
    since: now,
    at: now,
    look: 'nothing',
  } as const;
  const results = await Promise.all(
    channels.map(async channel => {
      try {
        await channel.send(notice, newId());
        return { channel: channel.name, ok: true, message: 'told' };
      } catch (error) {
        const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
        return { channel: channel.name, ok: false, message: `${messageOf(error)}${cause}` };
      }
    }),
  );
  cli.print({ channels: results }, () =>
    results.map(({ channel, ok, message }) => `${channel.padEnd(8)}  ${ok ? 'ok' : 'FAILED'}  ${message}`).join('\n'),
  );
  const failed = results.filter(({ ok }) => !ok);
  if (failed.length > 0) {
    const names = failed.map(({ channel }) => channel).join(', ');
    throw new CardGeniusError(
      'ALERT_NOT_TOLD',
      `Not told: ${names}. Check the addresses, and whether they can be reached.`,
    );
  }
}
