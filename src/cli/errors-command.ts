import type { Command } from 'commander';
import type { OpenedDatabase } from '../database/open-database.ts';
import { listFailures, writeFailures } from '../exchange/failures.ts';
import { checkCsvPath } from '../exchange/write-csv.ts';
import { remedyLines, remedyOf } from '../model/codes.ts';
import { group } from '../model/format.ts';
import { isGate, userNamedIn } from '../model/run.ts';
import { type CommonOptions, command } from './cli.ts';
import { shellWord } from './command-prefix.ts';
import { textTable } from './table.ts';

interface ErrorsOptions extends CommonOptions {
  readonly csv?: string;
}

export function defineErrors(program: Command): void {
  const definition = program
    .command('errors')
    .description('Lists the failed users grouped by the code of their reason, the commonest first.')
    .option('--csv <file>', 'write every failed user with code and reason to a CSV')
    .addHelpText('after', '\nExamples:\n  cardgenius errors\n  cardgenius errors --csv failed.csv');
  command<ErrorsOptions>(definition, async (cli, _args, { csv }) => {
    cli.keepStdoutFor(csv);
    if (csv !== undefined) await checkCsvPath(csv);
    await using opened = await cli.open({ beside: true, light: true });
    const groups = csv === undefined ? await listFailures(opened.audit) : await writeFailures(opened.audit, csv);
    const failed = groups.reduce((sum, { users }) => sum + users, 0);
    const held = await heldUser(opened);
    cli.print({ failed, codes: groups, csv: csv ?? null, held: held ?? null }, () => {
      const notYet = held === undefined ? [] : [describeHeld(held)];
      if (failed === 0) return ['No user has failed.', ...notYet].join('\n\n');
      const rows = groups.map(({ code, users, userId, error }) => [code, group(users), userId, error]);
      const remedies = groups.map(({ code }) => {
        const remedy = remedyOf(code, cli.settings.enginePath) ?? {
          look: 'the reason',
          goOn: `remove the cause, then: cardgenius retry --code ${code}`,
        };
        return `${code}\n${remedyLines(remedy)}`;
      });
      return [textTable(['code', 'users', 'for example', 'reason'], rows, [1]), ...remedies, ...notYet].join('\n\n');
    });
  });
}

/** A user whose cards were not written because the run paused before: it is in no list of failed users. */
interface HeldUser {
  readonly runId: number;
  readonly reason: string;
  /** Null where that user is no longer in the chunk. */
  readonly userId: string | null;
}

/** The user that the reason of the paused run names, if it names one. */
async function heldUser({ database, audit }: OpenedDatabase): Promise<HeldUser | undefined> {
  const run = await database.readRun(null, { wait: false });
  if (run?.state !== 'paused' || run.reason === null) return undefined;
  const named = userNamedIn(run.reason);
  if (named === undefined) return undefined;
  const userId = (await audit.findChunkUser(run.runId, named.chunkNo, named.userNo)) ?? null;
  return { runId: run.runId, reason: run.reason, userId };
}

/** The text for people. Of a gate the user's own reason is in no table: computing that user again tells it. */
export function describeHeld({ runId, reason, userId }: HeldUser): string {
  const user =
    userId === null
      ? 'The user that it names is no longer in the chunk.'
      : `The user that it names is ${userId}.${isGate(reason) ? ` To see why: cardgenius recommend ${shellWord(userId)}` : ''}`;
  return `Run ${runId} is paused, and the users that its reason counts are not written yet: ${reason.replace(/\.$/, '')}.\n${user}`;
}
