import test from 'ava';
import { createTask } from 'node-cron';
import { planFires } from '../../src/schedule/misfire.ts';
import { nextSlots, slotsBetween } from '../../src/schedule/slots.ts';

/** Slots of a UTC span, as short texts. */
function slots(cron: string, timeZone: string, from: string, to: string): string[] {
  const found = [...slotsBetween({ cron, timeZone }, Date.parse(from), Date.parse(to))];
  return found.map(slot => new Date(slot).toISOString().replace(/:00\.000Z$/, 'Z'));
}

const DST: Readonly<Record<string, [cron: string, timeZone: string, from: string, to: string, expected: string[]]>> = {
  'Asia/Kolkata has none: Monday 02:00 is Sunday 20:30 UTC': [
    '0 2 * * 1',
    'Asia/Kolkata',
    '2026-11-20T00:00Z',
    '2026-12-08T00:00Z',
    ['2026-11-22T20:30Z', '2026-11-29T20:30Z', '2026-12-06T20:30Z'],
  ],
  'Europe/Berlin forward: 02:30 is due at the jump, once': [
    '30 2 * * *',
    'Europe/Berlin',
    '2026-03-27T12:00Z',
    '2026-03-30T12:00Z',
    ['2026-03-28T01:30Z', '2026-03-29T01:00Z', '2026-03-30T00:30Z'],
  ],
  'Europe/Berlin back: 02:30 is due once, the first time': [
    '30 2 * * *',
    'Europe/Berlin',
    '2026-10-23T12:00Z',
    '2026-10-26T12:00Z',
    ['2026-10-24T00:30Z', '2026-10-25T00:30Z', '2026-10-26T01:30Z'],
  ],
  'America/New_York forward: 02:30 is due at the jump, once': [
    '30 2 * * *',
    'America/New_York',
    '2026-03-07T00:00Z',
    '2026-03-09T12:00Z',
    ['2026-03-07T07:30Z', '2026-03-08T07:00Z', '2026-03-09T06:30Z'],
  ],
  'America/New_York back: 01:30 is due once, the first time': [
    '30 1 * * *',
    'America/New_York',
    '2026-10-31T00:00Z',
    '2026-11-02T12:00Z',
    ['2026-10-31T05:30Z', '2026-11-01T05:30Z', '2026-11-02T06:30Z'],
  ],
  'two times within the jump are one slot': [
    '0,30 2 * * *',
    'Europe/Berlin',
    '2026-03-29T00:00Z',
    '2026-03-29T12:00Z',
    ['2026-03-29T01:00Z'],
  ],
  'every half hour is every half hour, forward': [
    '*/30 * * * *',
    'Europe/Berlin',
    '2026-03-29T00:00Z',
    '2026-03-29T02:00Z',
    ['2026-03-29T00:30Z', '2026-03-29T01:00Z', '2026-03-29T01:30Z', '2026-03-29T02:00Z'],
  ],
  'every half hour is every half hour, back': [
    '*/30 * * * *',
    'America/New_York',
    '2026-11-01T05:00Z',
    '2026-11-01T07:30Z',
    ['2026-11-01T05:30Z', '2026-11-01T06:00Z', '2026-11-01T06:30Z', '2026-11-01T07:00Z', '2026-11-01T07:30Z'],
  ],
};
for (const [title, [cron, timeZone, from, to, expected]] of Object.entries(DST)) {
  test(`slots: ${title}`, t => t.deepEqual(slots(cron, timeZone, from, to), expected));
}

test('slots: a span begins after its first instant and ends with its last', t => {
  t.deepEqual(slots('0 * * * *', 'UTC', '2026-01-01T01:00Z', '2026-01-01T03:00Z'), [
    '2026-01-01T02:00Z',
    '2026-01-01T03:00Z',
  ]);
});

test('slots: the next leap day is found, eight years away', t => {
  const after = Date.UTC(2096, 1, 29, 1);
  t.is(nextSlots({ cron: '0 0 29 2 *', timeZone: 'UTC' }, after, 1)[0]?.toISOString(), '2104-02-29T00:00:00.000Z');
});

for (const [cron, timeZone] of [
  ['0 2 * * 1', 'Asia/Kolkata'],
  ['*/10 * * * * *', 'UTC'],
  ['15 6,18 1-7 * 1-5', 'America/New_York'],
  ['0 12 * * *', 'Europe/Berlin'],
] as const) {
  test(`slots: node-cron fires ${cron} in ${timeZone} at the same times`, t => {
    const task = createTask(cron, () => {}, { timezone: timeZone });
    const theirs = task.getNextRuns(6).slice(1); // a slot may pass between the two questions
    t.deepEqual(nextSlots({ cron, timeZone }, theirs[0]!.getTime() - 1, 5), theirs);
  });
}

const at = (text: string) => new Date(`2026-01-05T${text}Z`);
const HOURLY = { cron: '0 * * * *', timeZone: 'UTC', catchUpWindowMinutes: 240 } as const;
const STATE = { knownSince: at('00:30:00'), lastPlanned: null };

/** Three slots missed (01, 02, 03 o'clock), looked at at 03:30; or at 04:00:01, when the fourth is in time. */
const POLICIES: Readonly<Record<string, [misfire: 'once' | 'skip' | 'all', now: string, expected: string[]]>> = {
  'once: the latest is caught up': ['once', '03:30:00', ['skipped', 'skipped', 'caught_up']],
  'once: a slot in time stands for all': ['once', '04:00:01', ['skipped', 'skipped', 'skipped', 'ran']],
  'skip: none is caught up': ['skip', '03:30:00', ['skipped', 'skipped', 'skipped']],
  'skip: a slot in time runs': ['skip', '04:00:01', ['skipped', 'skipped', 'skipped', 'ran']],
  'all: each is caught up': ['all', '03:30:00', ['caught_up', 'caught_up', 'caught_up']],
  'all: before the one in time': ['all', '04:00:01', ['caught_up', 'caught_up', 'caught_up', 'ran']],
};
for (const [title, [misfire, now, expected]] of Object.entries(POLICIES)) {
  test(`missed, ${title}`, t => {
    const fires = planFires({ ...HOURLY, misfire }, STATE, at(now).getTime(), 60_000);
    t.deepEqual(
      fires.map(({ decision }) => decision),
      expected as (typeof fires)[number]['decision'][],
    );
    t.deepEqual(fires[0]!.plannedAt, at('01:00:00'));
    for (const { decision, note } of fires) t.is(note === null, decision === 'ran');
  });
}

test('missed: what lies outside the window is only recorded', t => {
  const fires = planFires({ ...HOURLY, misfire: 'all' }, STATE, at('06:30:00').getTime(), 60_000);
  t.deepEqual(
    fires.map(({ decision }) => decision),
    ['skipped', 'skipped', 'caught_up', 'caught_up', 'caught_up', 'caught_up'],
  );
  t.regex(fires[0]!.note!, /outside the catch-up window/);
});

test('missed: nothing before the schedule was known or was last recorded', t => {
  const plan = (lastPlanned: Date | null) =>
    planFires({ ...HOURLY, misfire: 'all' }, { ...STATE, lastPlanned }, at('03:00:30').getTime(), 60_000).length;
  t.is(plan(null), 3);
  t.is(plan(at('02:00:00')), 1);
  t.is(plan(at('03:00:00')), 0);
});
