import { Command } from 'commander';
import { type EffectiveSetting, effectiveSettings } from '../config/settings.ts';
import { describeDatabase } from '../database/open-database.ts';
import { type CommonOptions, command } from './cli.ts';

export function defineConfigCommand(program: Command): void {
  const config = program
    .command('config')
    .description('Looks at the configuration: cron.config.ts, and what the environment says instead.');
  const print = new Command('print')
    .summary('every setting, and where it came from')
    .description('Prints the effective settings and where each came from. Secrets are shown as ***.');
  config.addCommand(print);
  command<CommonOptions>(print, async (cli, _args, options) => {
    const source = { configPath: options.config, env: process.env, cwd: process.cwd() };
    const settings = await effectiveSettings(source, describeDatabase);
    cli.print({ settings }, () => describeSettings(settings));
  });
}

function describeSettings(settings: readonly EffectiveSetting[]): string {
  const rows = settings.map(({ key, value, source }) => [key, JSON.stringify(value), source] as const);
  const width = (column: 0 | 1) => Math.min(60, Math.max(...rows.map(row => row[column].length)));
  return rows.map(([key, value, source]) => `${key.padEnd(width(0))}  ${value.padEnd(width(1))}  ${source}`).join('\n');
}
