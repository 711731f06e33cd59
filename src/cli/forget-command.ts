import type { Command } from 'commander';
import { UsageError } from '../model/errors.ts';
import { group } from '../model/format.ts';
import { type CommonOptions, command } from './cli.ts';
import { shellWord } from './command-prefix.ts';
import { shellUser } from './shell-user.ts';

export function defineForget(program: Command): void {
  const definition = program
    .command('forget')
    .description(
      'Removes a user from every table of ours, at once, also of the latest run. CashKaro’s two tables stay as they are: delete the user ' +
        'there first, or the next run computes the user again. Refused while a chunk with the user is open.',
    )
    .argument('<user>', 'a user_id')
    .option('--yes', 'do it: without, nothing is removed')
    .addHelpText('after', '\nExample:\n  cardgenius forget CK0000001 --yes');
  command<CommonOptions & { readonly yes?: boolean }>(definition, async (cli, [userId], { yes }) => {
    if (yes !== true) {
      throw new UsageError(
        'FORGET_YES',
        `Nothing was removed. What our tables know of ${userId} goes for good with: cardgenius forget ${shellWord(userId!)} --yes`,
      );
    }
    await using opened = await cli.open();
    const { rows, inSpending, inRecommendations } = await opened.maintenance.forgetUser(userId!, shellUser());
    cli.print({ rows, inSpending, inRecommendations }, () => {
      const theirs = [
        ...(inSpending ? ['user_spending_data'] : []),
        ...(inRecommendations ? ['card_recommendations'] : []),
      ];
      return [
        `${group(rows)} rows of ours were removed or changed.`,
        ...(theirs.length === 0
          ? []
          : [
              `The user still stands in ${theirs.join(' and ')}: delete there, or the next run computes the user again.`,
            ]),
        'Not reached from here: log files, exports, rejects of imports, kept answers of parity, backups (SECURITY.md).',
      ].join('\n');
    });
  });
}
