import type { Command } from 'commander';
import type { Stage } from '../batch/events.ts';
import { openEngine } from '../engine/open-engine.ts';
import { EXIT } from '../model/errors.ts';
import { group } from '../model/format.ts';
import { measureEngine } from '../tools/bench/bench-engine.ts';
import { measureLoad } from '../tools/bench/bench-load.ts';
import { measureRun } from '../tools/bench/bench-run.ts';
import { measureRepublish } from '../tools/bench/republish.ts';
import { describeMachine, ratio, ratiosOf, show, spreadOf } from '../tools/bench/rounds.ts';
import { dropScratchDatabases } from '../tools/bench/scratch-database.ts';
import { verdictOf } from '../tools/bench/verdict.ts';
import { type CommonOptions, command, wholeNumber } from './cli.ts';

interface BenchOptions extends CommonOptions {
  readonly users: number;
  readonly rounds: number;
}

export function defineBench(program: Command): void {
  const definition = program
    .command('bench')
    .description(
      'Measures with invented users, in databases of its own that it makes on the configured server and drops again ' +
        '(named cardgenius_bench_…); the configured database is not touched. On SQL Server the login needs CREATE ANY DATABASE.',
    )
    .option('--users <n>', 'users of a run', wholeNumber(1_000), 50_000)
    .option('--rounds <n>', 'rounds of each measurement, interleaved with its floor', wholeNumber(1), 3)
    .addHelpText('after', '\nExample: cardgenius bench --users 20000 --rounds 1');
  command<BenchOptions>(definition, async (cli, _args, { users, rounds }) => {
    const { settings } = cli;
    const told = new Set<string>();
    const place = {
      url: settings.databaseUrl,
      password: settings.databasePassword?.reveal(),
      pools: settings.sqlServer,
      tell: (text: string) => {
        if (!told.has(text)) cli.note(text);
        told.add(text);
      },
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        cli.note('Stopped: dropping what was made to measure in.');
        void dropScratchDatabases().finally(() => process.exit(EXIT.stopped));
      });
    }
    await using engine = await openEngine(settings);

    cli.note(`${describeMachine()}; ${group(users)} users, ${rounds} rounds. This takes minutes.`);
    cli.note('engine …');
    const computed = await measureEngine(engine, Math.min(users, 50_000), rounds);
    cli.note('load …');
    const load = await measureLoad(place, engine, Math.min(users, settings.chunkSize), rounds);
    cli.note('run …');
    const { run, floor, stages, callsPerChunk, raw } = await measureRun(place, settings, users, rounds);
    cli.note('republish …');
    const { first, next } = await measureRepublish(place, settings, users, rounds);

    const figures = {
      machine: describeMachine(),
      users,
      rounds,
      engine: { usersPerSecond: spreadOf(computed) },
      load: {
        rowsPerSecond: spreadOf(load.ours),
        floor: spreadOf(load.floor),
        ratio: spreadOf(ratiosOf(load.ours, load.floor)),
      },
      run: {
        usersPerSecond: spreadOf(run),
        floor: spreadOf(floor),
        ratio: spreadOf(ratiosOf(run, floor)),
        stages,
        callsPerChunk,
      },
      ...(raw.length === 0
        ? {}
        : {
            raw: {
              timeRatio: spreadOf(raw.map(({ timeRatio }) => timeRatio)),
              logBytesPerUser: spreadOf(raw.map(({ logBytesPerUser }) => logBytesPerUser)),
              logRatio: spreadOf(raw.map(({ logRatio }) => logRatio)),
              asMade: {
                timeRatio: spreadOf(raw.map(({ asMade }) => asMade.timeRatio)),
                logRatio: spreadOf(raw.map(({ asMade }) => asMade.logRatio)),
              },
            },
          }),
      republish: { ratio: spreadOf(ratiosOf(next, first)) },
    };
    cli.print(figures, () =>
      [
        `engine     ${show(figures.engine.usersPerSecond)} users/s on one core`,
        `load       ${show(figures.load.rowsPerSecond)} rows/s, ${show(figures.load.ratio, ratio)} of the driver’s own bulk load`,
        `run        ${show(figures.run.usersPerSecond)} users/s, ${show(figures.run.ratio, ratio)} of what the database alone needs`,
        `           a chunk: ${(Object.keys(stages) as Stage[]).map(stage => `${stage} ${group(Math.round(stages[stage]))} ms`).join(', ')}`,
        `           ${callsPerChunk.toFixed(1)} calls of the database for a chunk`,
        ...(figures.raw === undefined
          ? []
          : [
              `raw        ${show(figures.raw.timeRatio, ratio)}: a plain COPY of the same rows takes that share of the run’s time`,
              `           log: ${show(figures.raw.logBytesPerUser)} bytes a user, ${show(figures.raw.logRatio, ratio)} of the plain COPY’s`,
              `           into a table with all indexes and checks of card_recommendations: ${show(figures.raw.asMade.timeRatio, ratio)}, log ${show(figures.raw.asMade.logRatio, ratio)}`,
            ]),
        `republish  ${show(figures.republish.ratio, ratio)} of the first run’s time, 95 % of the users unchanged`,
        '',
        verdictOf(stages, figures.run.ratio.median),
        'Median (lowest–highest). docs/performance.md says what each figure means.',
      ].join('\n'),
    );
  });
}
