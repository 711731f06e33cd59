import type { Command } from 'commander';
import type { RunProgress, UserCounts } from '../model/run.ts';
import { type CommonOptions, command, group } from './cli.ts';

export function defineStatus(program: Command): void {
  const definition = program
    .command('status')
    .summary('how many users stand where, and the latest run')
    .description('Counts the users by status and shows the latest run.');
  command<CommonOptions>(definition, async cli => {
    await using opened = await cli.open();
    const users = await opened.database.countUsers();
    const run = (await opened.database.readRun(null)) ?? null;
    cli.print({ ...users, run }, () => describeStatus(users, run));
  });
}

function describeStatus(users: UserCounts, run: RunProgress | null): string {
  const lines = [
    ...(['new', 'pending', 'completed', 'failed'] as const).map(
      status => `${status.padEnd(16)}${group(users[status]).padStart(12)}`,
    ),
    `${'recommendations'.padEnd(16)}${group(users.recommendations).padStart(12)}`,
  ];
  if (run === null) return [...lines, '', 'No run yet. Start one with: cardgenius run'].join('\n');
  const { runId, state, reason, startedAt, finishedAt, chunks, chunksClosed, completed, failed, round } = run;
  return [
    ...lines,
    '',
    `Run ${runId} is ${state}${reason === null ? '' : ` (${reason})`}: ${chunksClosed} of ${chunks} chunks, ` +
      `${group(completed)} users completed, ${group(failed)} failed, round ${round}.`,
    `Started ${startedAt.toISOString()}${finishedAt === null ? '' : `, finished ${finishedAt.toISOString()}`}.`,
  ].join('\n');
}
