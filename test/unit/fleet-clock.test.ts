import test from 'ava';
import { AlertMonitor } from '../../src/alerts/alert-monitor.ts';
import type { Notice } from '../../src/alerts/notice.ts';
import { loadSettings } from '../../src/config/settings.ts';
import { FleetClock } from '../../src/serve/fleet-clock.ts';
import { Leader } from '../../src/serve/leader.ts';
import { type DecidedFire, Planner } from '../../src/serve/planner.ts';
import { type ContractEngine, importUsers, reset, runRequest } from '../contract/context.ts';
import { openWithClock } from '../support/shifted-clock.ts';

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];
const START = Date.parse('2026-11-23T10:00:00Z');

/** The time that has passed, and by how much the database's clock is ahead. */
const world = { passed: 0, ahead: 0 };
const truth = () => START + world.passed;
const opened = await openWithClock(() => truth() + world.ahead);
test.after.always(() => opened.database.close());

/** A fleet of instances on an empty database. */
async function fleet(cron: string, misfire: 'once' | 'skip' | 'all' = 'once') {
  Object.assign(world, { passed: 0, ahead: 0 });
  await reset(opened as unknown as ContractEngine);
  const { coordination, database } = opened;
  const told: string[] = [];
  const { thresholds } = await loadSettings({ env: {}, cwd: import.meta.dirname });
  const schedule = { name: 's', cron, timeZone: 'UTC', misfire, catchUpWindowMinutes: 600 };
  const { requestedBy: _, deadlineAt: __, ...terms } = runRequest();

  /** An instance of serve, as far as clocks matter to it: what Service does in a beat. */
  const instance = (id: string) => {
    const clock = new FleetClock({ monotonic: () => world.passed, wall: truth });
    const leader = new Leader(coordination, { id, host: id, pid: 1, version: '0' }, 60, clock);
    const planner = new Planner({
      coordination,
      latestRun: () => database.readRun(null),
      schedules: [schedule],
      terms: async () => terms,
      processor: id,
      lateMs: MINUTE,
      check: () => Promise.reject(new Error('no schedule asks for it')),
      clock,
      onChecked: () => {},
    });
    const monitor = new AlertMonitor({
      limits: thresholds,
      schedules: ['s'],
      reminderMinutes: 240,
      host: id,
      processor: id,
      notify: ({ state, rule, message }: Notice) => told.push(`${state} ${rule}: ${message}`),
      onError: error => {
        throw error;
      },
    });
    monitor.use(
      { description: '', readRun: () => database.readRun(null), listRuns: opened.history.listRuns },
      coordination,
    );
    const fires: DecidedFire[] = [];
    return {
      fires,
      async beat() {
        const { isNew, clock: seen } = await leader.renew();
        monitor.clockIs(seen, clock.now());
        monitor.leads(leader.term !== undefined);
        if (leader.term === undefined) return false;
        if (isNew) planner.lookAgain();
        if (!(await planner.look(clock.now(), leader.term.electedAt, fire => fires.push(fire)))) leader.stepDown();
        await monitor.watch(clock.now());
        return true;
      },
    };
  };
  const live = async (mine: ReturnType<typeof instance>, milliseconds: number, beatMs = 10 * SECOND) => {
    for (const end = world.passed + milliseconds; world.passed < end; ) {
      world.passed += beatMs;
      await mine.beat();
    }
  };
  const ledger = async () =>
    (await coordination.listFires('s', 1_000)).map(
      ({ plannedAt, decision }) => `${plannedAt.toISOString()} ${decision}`,
    );
  const of = (rule: string) => told.filter(line => line.includes(rule)).map(line => line.split(':')[0]!);
  return { ...opened, world, instance, live, ledger, told, of };
}

test.serial(
  'a clock that was 40 days ahead and is put right: the next instance leads at once, the slot fires at its true time, and it is told',
  async t => {
    const { world, instance, live, ledger, of, told, coordination, history } = await fleet('40 10 * * 1');
    const before = instance('before');
    await live(before, MINUTE);
    world.ahead = 40 * DAY;
    const wrong = instance('wrong'); // started under the false clock: it has seen no other
    world.passed += 2 * MINUTE;
    await live(wrong, 30 * MINUTE, MINUTE); // and is killed
    t.true((await ledger()).length >= 5, 'Mondays that have not come');

    world.ahead = 0;
    const right = instance('right');
    t.true(await right.beat(), 'it leads at its first beat');
    t.like(await coordination.listProcessors(1), [{ silentSeconds: 40 * 86_400 }], 'no time is negative');
    t.true((await coordination.listProcessors(9)).every(({ id, leads }) => leads === (id === 'right')));
    t.deepEqual(await ledger(), []);
    t.like(await history.listActs(null, 1), [{ act: 'clock', affected: 6 }]);

    await live(right, 10 * MINUTE, 30 * SECOND);
    t.deepEqual(await ledger(), ['2026-11-23T10:40:00.000Z ran']);
    t.deepEqual(of('clock_wrong'), ['opened clock_wrong', 'reminded clock_wrong', 'closed clock_wrong']);
    t.true(told.some(line => line.includes('set back by 40 d')));
  },
);

for (const misfire of ['once', 'skip', 'all'] as const) {
  test.serial(
    `a jump of three hours ahead while serve lives, taken back: no slot of the false time is in the ledger (${misfire})`,
    async t => {
      const { world, instance, live, ledger, of } = await fleet('*/10 * * * * *', misfire);
      const serve = instance('serve');
      await live(serve, MINUTE);
      world.ahead = 3 * HOUR;
      await live(serve, 3 * MINUTE);
      t.is((await ledger()).length, 5, 'nothing is decided by a time that has just jumped');
      t.deepEqual(of('clock_wrong'), ['opened clock_wrong']);
      world.ahead = 0;
      await live(serve, 2 * MINUTE);
      const slots = await ledger();
      t.is(slots.length, 35, 'each of the six minutes’ slots, those of the jump included');
      t.is(new Set(slots).size, 35);
      t.true(
        slots.every(line => line.endsWith('ran') || line.endsWith('overlapped')),
        'what waited for the clock is not late',
      );
      t.deepEqual(of('clock_wrong'), ['opened clock_wrong', 'closed clock_wrong'], 'told once each');
    },
  );
}

test.serial(
  'a jump ahead that holds for five minutes is believed: what lies between is missed, what waited is in time',
  async t => {
    const { world, instance, live, ledger, of } = await fleet('0 * * * *');
    const serve = instance('serve');
    await live(serve, MINUTE);
    world.ahead = 3 * HOUR - 2 * MINUTE; // it is 12:59 there
    await live(serve, 4 * MINUTE);
    t.deepEqual(await ledger(), []);
    await live(serve, 2 * MINUTE);
    t.deepEqual(await ledger(), [
      '2026-11-23T13:00:00.000Z ran',
      '2026-11-23T12:00:00.000Z skipped',
      '2026-11-23T11:00:00.000Z skipped',
    ]);
    t.deepEqual(of('clock_wrong'), ['opened clock_wrong'], 'open still: it is three hours off this machine’s');
  },
);

test.serial(
  'a clock that was ahead long enough to be believed and is put right while serve lives: each true slot is decided once',
  async t => {
    const { world, instance, live, ledger, history } = await fleet('*/10 * * * *');
    const serve = instance('serve');
    await live(serve, MINUTE);
    world.ahead = 3 * HOUR;
    await live(serve, 30 * MINUTE, 30 * SECOND);
    t.true((await ledger()).some(line => line.startsWith('2026-11-23T13:')));
    world.ahead = 0;
    await live(serve, 30 * MINUTE, 30 * SECOND);
    const slots = await ledger();
    t.is(new Set(slots.map(line => line.slice(0, 24))).size, slots.length);
    t.deepEqual(
      slots.map(line => line.slice(11, 16)),
      ['11:00', '10:50', '10:40', '10:30', '10:20', '10:10'],
    );
    t.is((await history.listActs(null, 99)).filter(({ act }) => act === 'clock').length, 1);
  },
);

test.serial('a schedule that was first seen under a false clock fires at its next true slot', async t => {
  const { world, instance, live, ledger } = await fleet('5 10 * * *');
  world.ahead = 40 * DAY;
  await instance('wrong').beat();
  world.ahead = 0;
  await live(instance('right'), 6 * MINUTE);
  t.deepEqual(await ledger(), ['2026-11-23T10:05:00.000Z ran']);
});

test.serial(
  'set back three hours while serve lives: rules are looked at in the next beat, and no leader is lost',
  async t => {
    const { world, instance, live, of, database } = await fleet('0 2 * * 1');
    const serve = instance('serve');
    await live(serve, 2 * MINUTE);
    world.ahead = -3 * HOUR;
    await importUsers({ database } as Parameters<typeof importUsers>[0], 4);
    const { runId } = await database.openRun(runRequest());
    await database.changeRunState(runId, 'failed', 'boom');
    await live(serve, 20 * SECOND);
    t.deepEqual(of('run_failed'), ['opened run_failed']);
    t.deepEqual(of('clock_wrong'), ['opened clock_wrong']);
  },
);

test.serial(
  'a database’s clock that falls three hours behind this machine’s: the ledger stays, and no slot is decided twice',
  async t => {
    const { world, instance, live, ledger, of } = await fleet('*/10 * * * *');
    const serve = instance('serve');
    await live(serve, 21 * MINUTE, 30 * SECOND);
    const before = await ledger();
    t.is(before.length, 2);
    world.ahead = -3 * HOUR;
    await live(serve, 2 * MINUTE);
    t.deepEqual(await ledger(), before);
    world.ahead = 0;
    await live(serve, 9 * MINUTE, 30 * SECOND);
    t.deepEqual(await ledger(), ['2026-11-23T10:30:00.000Z ran', ...before]);
    t.deepEqual(of('clock_wrong'), ['opened clock_wrong', 'closed clock_wrong']);
  },
);

test.serial(
  'MichaelXavier/cron#30, kelektiv/node-cron#180: a clock that steps a second back and forth fires no slot twice',
  async t => {
    const { world, instance, live, ledger } = await fleet('* * * * *');
    const serve = instance('serve');
    await live(serve, 30 * SECOND);
    for (let step = 0; step < 60; step++) {
      world.ahead = step % 2 === 0 ? -SECOND : SECOND;
      await live(serve, 10 * SECOND);
      await serve.beat();
    }
    const slots = await ledger();
    t.is(slots.length, 10);
    t.is(serve.fires.filter(({ outcome }) => outcome === 'recorded').length, 10);
  },
);

test.serial(
  'citusdata/pg_cron#105, robfig/cron#26: eight hours ahead, and put right: it goes on at once, and fired nothing 480 times',
  async t => {
    const { world, instance, live, ledger } = await fleet('* * * * *');
    const serve = instance('serve');
    await live(serve, 2 * MINUTE);
    world.ahead = 8 * HOUR;
    await live(serve, 2 * MINUTE);
    world.ahead = 0;
    await live(serve, 2 * MINUTE);
    t.deepEqual(
      (await ledger()).map(line => line.slice(11, 16)),
      ['10:06', '10:05', '10:04', '10:03', '10:02', '10:01'],
    );
  },
);

test.serial('a jump is told by an instance that does not lead, where the leader has stopped', async t => {
  const { world, instance, told } = await fleet('0 2 * * 1');
  const [leading, other] = [instance('leading'), instance('other')];
  t.true(await leading.beat());
  t.false(await other.beat());
  world.passed += 10 * SECOND;
  world.ahead = 30 * SECOND + 2 * MINUTE - 10 * SECOND; // the lease of 60 s would be over: it renews first
  await leading.beat();
  t.false(await other.beat());
  t.is(told.filter(line => /^opened clock_wrong.*jumped 2 min ahead/.test(line)).length, 1, 'once, by both');
});

test('a clock that is put right by a jump ahead is believed at once where this machine’s has stood there all the time', t => {
  let at = 0;
  let wall = START;
  const clock = new FleetClock({ monotonic: () => at, wall: () => wall });
  const passes = (aheadMs: number) => {
    at += 10 * SECOND;
    wall += 10 * SECOND;
    return clock.answered(wall + aheadMs, at);
  };
  t.is(passes(-3 * HOUR).apartMs, -3 * HOUR, 'this process has begun while it was behind');
  t.is(passes(0).jumpMs, undefined);
  t.false(clock.isDoubtful);
  wall += 3 * HOUR; // both jump: they are one clock, as with the embedded database
  t.is(passes(0).jumpMs, 3 * HOUR);
  t.true(clock.isDoubtful);
});

test('a slow answer, a frozen process and a slewed clock are no jumps', t => {
  let at = 0;
  let wall = 0;
  const clock = new FleetClock({ monotonic: () => at, wall: () => wall });
  clock.answered(START, 0);
  at = wall = 2 * HOUR; // frozen after the database had answered
  t.is(clock.answered(START + 10 * SECOND, 10 * SECOND).jumpMs, undefined);
  at = wall += 10 * SECOND;
  t.is(clock.answered(START + at, at).jumpMs, undefined, 'and back');
  for (let day = 0; day < 10; day++) {
    at += DAY;
    t.is(clock.answered(START + at + day * 50 * SECOND, at).jumpMs, undefined);
  }
  t.is(clock.now(), START + at + 450 * SECOND, 'the database’s, whatever this machine’s says');
});
