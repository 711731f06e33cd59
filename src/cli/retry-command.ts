import type { Command } from 'commander';
import type { OpenedDatabase } from '../database/open-database.ts';
import { nameOf } from '../engine/card-terms.ts';
import { loadCatalog } from '../engine/catalog.ts';
import { loadEngine } from '../engine/load-engine.ts';
import { listFailures } from '../exchange/failures.ts';
import { CODES, remedyOf } from '../model/codes.ts';
import { nearestOf } from '../model/distance.ts';
import { UsageError } from '../model/errors.ts';
import { group } from '../model/format.ts';
import { type Cli, type CommonOptions, command, moment, span, wholeNumber } from './cli.ts';
import { findCard } from './find-card.ts';
import { shellUser } from './shell-user.ts';

interface RetryOptions extends CommonOptions {
  readonly run?: number;
  readonly user?: string;
  readonly code?: string;
  readonly olderThan?: number;
}

interface RedoOptions extends CommonOptions {
  readonly all?: boolean;
  readonly run?: number;
  readonly card?: string;
  readonly olderThan?: Date;
  readonly yes?: boolean;
}

/** `retry` and `redo`: users who are new again, for the next run. */
export function defineRetryAndRedo(program: Command): void {
  const retry = program
    .command('retry')
    .description(
      'Puts all failed users back to new, at once, or those that match every option given; the next run takes them.',
    )
    .option('--run <n>', 'users that failed in this run: in the key ranges of its chunks', wholeNumber(1))
    .option('--user <id>', 'this user')
    .option('--code <code>', 'users that failed with this code: see "cardgenius errors"; OTHER: without one')
    .option('--older-than <span>', 'users that failed longer ago than this: 30m, 1h or 2d', span)
    .addHelpText(
      'after',
      '\nExamples:\n  cardgenius retry\n  cardgenius retry --code INVALID_SPENDING\n  cardgenius retry --older-than 1h',
    );
  command<RetryOptions>(retry, async (cli, _args, { run, user, code, olderThan }) => {
    await using opened = await cli.open({ beside: true });
    if (code !== undefined) await refuseUnknownCode(opened, code);
    const users = await opened.audit.retryUsers({
      runId: run ?? null,
      userId: user ?? null,
      code: code ?? null,
      olderThanSeconds: olderThan ?? null,
    });
    await opened.maintenance.recordAct('retry', shellUser(), {
      runId: run ?? null,
      subject: filtersText({ 'one user': user === undefined ? undefined : '', code, 'older than s': olderThan }),
      affected: users,
    });
    cli.print({ users }, () => again(users, 'failed user matches: cardgenius errors lists them'));
    const remedy = code === undefined || users === 0 ? undefined : remedyOf(code, cli.settings.enginePath);
    if (remedy !== undefined)
      cli.note(`They fail with ${code} again unless its cause is gone. To look: ${remedy.look}`);
  });

  const redo = program
    .command('redo')
    .description(
      'Says how many users would be computed again; with --yes, puts them back to new. Their rows stay until then.',
    )
    .option('--all', 'all completed users')
    .option('--run <n>', 'users completed in this run, also where a later run computed them again', wholeNumber(1))
    .option('--card <name>', 'users with this card among their ten: its name, id or a part of either')
    .option('--older-than <date>', 'users computed before: 2026-11-23 (UTC), or 2026-11-23T02:00+05:30', moment)
    .option('--yes', 'do it')
    .addHelpText(
      'after',
      '\nExamples:\n  cardgenius redo --all\n  cardgenius redo --run 41\n  cardgenius redo --card "CASHBACK SBI Card" --yes\n' +
        '  cardgenius redo --older-than 2026-11-23',
    );
  command<RedoOptions>(redo, async (cli, _args, { all, run, card, olderThan, yes }) => {
    const chosen = [all === true, run !== undefined, card !== undefined || olderThan !== undefined];
    if (chosen.filter(Boolean).length !== 1) {
      throw new UsageError('REDO_WHOM', 'Say --all; or --run N; or --card NAME, --older-than DATE or both.');
    }
    await using opened = await cli.open({ beside: true });
    let cardName = card ?? null;
    const [runId, before] = [run ?? null, olderThan ?? null];
    const redoUsers = () => opened.audit.redoUsers({ cardName, olderThan: before, runId }, yes === true);
    let users = await redoUsers();
    if (users === 0 && card !== undefined) {
      // No stored card is named so: what the catalogue has under this id or part of a name. A card of an older one was found above.
      cardName = await nameInCatalog(cli, card);
      if (cardName !== card) users = await redoUsers();
    }
    if (yes === true) {
      const subject = filtersText({ run, card: cardName ?? undefined, 'older than': olderThan?.toISOString() });
      await opened.maintenance.recordAct('redo', shellUser(), { runId, subject, affected: users });
    }
    cli.print({ users, applied: yes === true }, () =>
      yes === true
        ? again(users, 'completed user matches')
        : `${group(users)} users would be computed again. To do it, say --yes.`,
    );
    if (cardName !== null) {
      cli.note(
        `These have "${cardName}" among their ten. Where the card became better, others would get it, too: cardgenius redo --all`,
      );
    }
  });
}

/** Throws UsageError (CODE_UNKNOWN) for a code that is none of ours and that no failed user has: a slip of the pen ends in no silence. */
async function refuseUnknownCode({ audit }: OpenedDatabase, code: string): Promise<void> {
  const ours: string[] = CODES.filter(([, kind]) => kind === 'user').flatMap(([codes]) => [...codes]);
  if (ours.includes(code)) return;
  const found = (await listFailures(audit)).map(group => group.code);
  if (found.includes(code)) return;
  const near = nearestOf(code, [...new Set([...found, ...ours])], 3);
  throw new UsageError(
    'CODE_UNKNOWN',
    `No user has failed with ${code}.${near === undefined ? '' : ` Did you mean ${near}?`} The codes of the failed users: cardgenius errors`,
  );
}

/** The name in card_recommendations of the card that a text means. Throws UsageError (NO_SUCH_CARD). */
async function nameInCatalog({ settings }: Cli, wanted: string): Promise<string> {
  if (settings.enginePath === undefined) {
    // All of them, as `recommend --why-not` has it: a card that is closed by now may still be stored.
    const { cards } = await loadCatalog(settings.catalogPath);
    return nameOf(await findCard(cards, wanted));
  }
  const { cards } = await loadEngine(settings);
  return (
    await findCard(
      cards.map(card => ({ id: card.id ?? card.name, name: card.name })),
      wanted,
    )
  ).name;
}

/** What users were asked for, without the id of one: an act is kept for good. */
function filtersText(filters: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(filters).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => `${name} ${value}`.trim()).join(', ') || 'all';
}

/** `kind`: which users could have matched, and where they are listed. */
const again = (users: number, kind: string) =>
  users === 0
    ? `No ${kind}.`
    : `${group(users)} users are new again. Next: cardgenius run, or the next fire of a schedule`;
