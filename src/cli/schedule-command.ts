import { Command } from 'commander';
import { runTerms } from '../batch/run-batch.ts';
import { loadEngine } from '../engine/load-engine.ts';
import type { Fire } from '../model/service.ts';
import { nextSlots } from '../schedule/slots.ts';
import { fireByHand } from '../serve/fire-by-hand.ts';
import { type Cli, type CommonOptions, command } from './cli.ts';
import { describeSuperseded } from './run-command.ts';
import { shellUser } from './shell-user.ts';
import { thisProcessor } from './this-process.ts';

const SHOWN = 5;

export function defineSchedule(program: Command): void {
  const schedule = program
    .command('schedule')
    .description('Looks at the schedules of cron.config.ts, and fires one by hand.');
  const list = new Command('list')
    .summary('the next five fires of each schedule, and the last five')
    .description('Shows the next five fires in the zone of each schedule, and the last five with what came of each.');
  const run = new Command('run')
    .argument('<name>', 'the schedule')
    .summary('fire a schedule now')
    .description(
      'Records a fire of now and opens its run, by the same path as the service; a serve process works on it. Where none ' +
        'runs: cardgenius run.',
    );
  schedule.addCommand(list).addCommand(run);
  command<CommonOptions>(list, async cli => listSchedules(cli));
  command<CommonOptions>(run, async (cli, [name]) => runSchedule(cli, name!));
}

async function listSchedules(cli: Cli): Promise<void> {
  await using opened = await cli.open({ beside: true, light: true });
  const schedules = await Promise.all(
    cli.settings.schedules.map(async ({ name, cron, timeZone }) => ({
      name,
      cron,
      timeZone,
      next: nextSlots({ cron, timeZone }, Date.now(), SHOWN),
      last: (await opened.coordination.listFires(name, SHOWN)).map(({ schedule: _, ...fire }) => fire),
    })),
  );
  cli.print({ schedules }, () => {
    if (schedules.length === 0) return 'No schedules. Write one into cron.config.ts: see docs/configuration.md.';
    return schedules.map(describeSchedule).join('\n\n');
  });
}

function describeSchedule(schedule: {
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly next: readonly Date[];
  readonly last: readonly Omit<Fire, 'schedule'>[];
}): string {
  const { name, cron, timeZone, next, last } = schedule;
  const local = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'full', timeStyle: 'long' });
  const past = last.map(({ plannedAt, decision, runId, runState, note }) => {
    const run = runId === null ? '' : `, run ${runId} (${runState})`;
    return `  ${local.format(plannedAt)}  ${decision}${run}${note === null ? '' : `: ${note}`}`;
  });
  return [
    `${name}: ${cron} in ${timeZone}`,
    ...next.map(slot => `  ${local.format(slot)}`),
    'last:',
    ...(past.length === 0 ? ['  none yet'] : past),
  ].join('\n');
}

async function runSchedule(cli: Cli, name: string): Promise<void> {
  const { settings } = cli;
  const engine = await loadEngine(settings);
  await using opened = await cli.open({ beside: true, light: true });
  const { plannedAt, decision, runId, supersededId } = await fireByHand(name, {
    coordination: opened.coordination,
    schedules: settings.schedules,
    terms: async userLimit => runTerms(engine, settings, 'batch', userLimit),
    decidedBy: thisProcessor(engine).id,
    note: 'by hand',
    by: shellUser(),
  });
  const run = decision === 'overlapped' || decision === 'held' ? undefined : await opened.database.readRun(runId);
  const ended = supersededId === null ? '' : `${describeSuperseded(runId!, supersededId)}\n`;
  cli.print({ schedule: name, plannedAt, decision, runId, supersededId }, () => {
    if (decision === 'held') {
      return `Run ${runId} is paused: the fire is recorded as held, and opens no run. Go on with that run: cardgenius resume. Or end it: cardgenius cancel`;
    }
    if (decision === 'overlapped') return `Run ${runId} is active: the fire is recorded as overlapped.`;
    return run?.state === 'done'
      ? `${ended}Run ${runId} is done: no user is due.`
      : `${ended}Run ${runId} is open. A serve process works on it; where none runs: cardgenius run`;
  });
}
