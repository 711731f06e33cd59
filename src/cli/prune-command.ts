import type { Command } from 'commander';
import { checkOrphans, type Pruned, pruneHistory, pruneOrphans } from '../database/prune.ts';
import { UsageError } from '../model/errors.ts';
import { group } from '../model/format.ts';
import { type CommonOptions, command } from './cli.ts';
import { shellUser } from './shell-user.ts';

interface PruneOptions extends CommonOptions {
  readonly keep?: string;
  readonly orphans?: boolean;
  readonly yes?: boolean;
}

export function definePrune(program: Command): void {
  const definition = program
    .command('prune')
    .description(
      'Deletes runs that ended before the days kept, with their cards, chunks and attempts; imports, fires of schedules, closed ' +
        'alerts and processors of that age. Never the active run nor the latest, in small batches, safe beside a run.',
    )
    .option('--keep <days>', 'how much to keep: 90d, at least 1d')
    .option(
      '--orphans',
      'also delete recommendations of users who are no longer in user_spending_data, after saying how many',
    )
    .option('--yes', 'with --orphans: also where more than one user in ten is gone')
    .addHelpText('after', '\nExamples:\n  cardgenius prune --keep 90d\n  cardgenius prune --keep 365d --orphans');
  command<PruneOptions>(definition, async (cli, _args, { keep, orphans, yes }) => {
    if (keep === undefined && !orphans) {
      throw new UsageError('PRUNE_OPTIONS', 'Say what to prune: --keep 90d, --orphans, or both.');
    }
    const keepDays = keep === undefined ? undefined : daysOf(keep);
    await using opened = await cli.open();
    const { maintenance, database } = opened;
    const history: Partial<Pruned> = keepDays === undefined ? {} : await pruneHistory(maintenance, keepDays);

    let orphanRows = 0;
    const found = orphans ? await maintenance.countOrphans() : undefined;
    if (found !== undefined) {
      cli.note(
        `${group(found.orphans)} of ${group(found.users)} users with recommendations are gone: ${group(found.rows)} rows.`,
      );
      checkOrphans(found, yes === true);
      orphanRows = await pruneOrphans(maintenance);
    }
    const rows = Object.values(history).reduce((sum, count) => sum + count, 0) + orphanRows;
    const subject = [keepDays === undefined ? '' : `keep ${keepDays} days`, orphans ? 'orphans' : '']
      .filter(Boolean)
      .join(', ');
    await maintenance.recordAct('prune', shellUser(), { subject, affected: rows });
    cli.print({ database: database.description, deleted: history, orphans: found?.orphans ?? null, orphanRows }, () =>
      [
        ...Object.entries(history).map(([kind, rows]) => `${kind.padEnd(16)}${group(rows).padStart(12)}`),
        ...(found === undefined ? [] : [`${'of orphans'.padEnd(16)}${group(orphanRows).padStart(12)}`]),
        'rows deleted.',
      ].join('\n'),
    );
  });
}

function daysOf(text: string): number {
  const days = Number(/^(\d{1,5})d?$/.exec(text)?.[1]);
  if (Number.isInteger(days) && days >= 1) return days;
  throw new UsageError('PRUNE_KEEP', `--keep takes a number of days, like 90d; at least 1d. It was "${text}".`);
}
