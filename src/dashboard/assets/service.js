import { byId, duration, element, fill, table, time, timeOfDay } from './dom.js';

/** Seconds: a processor says that it lives every fifteen at the latest. */
const SILENT = 60;

/** `runNow` is undefined where nobody may. */
export function showSchedules(schedules, runNow) {
  const columns = [
    ['Schedule', ({ name }) => name],
    ['Fires', ({ cron, timeZone }) => element('span', {}, element('code', {}, cron), ` in ${timeZone}`)],
    ['Next', ({ next }) => time(next), { nowrap: true }],
    ['Last', ({ last }) => time(last?.plannedAt), { nowrap: true }],
    ['What came of it', ({ last }) => cameOf(last), { bad: ({ last }) => last?.runState === 'failed' }],
    ...(runNow === undefined ? [] : [['Now', schedule => runButton(schedule, runNow)]]),
  ];
  fill(byId('schedules-list'), 'Schedules', table('Schedules', columns, schedules));
}

function cameOf(last) {
  if (last === undefined) return 'Not fired yet';
  const run = last.runId === null ? '' : `, run ${last.runId}${last.runState === null ? '' : ` ${last.runState}`}`;
  return `${last.decision.replace('_', ' ')}${run}`;
}

/** One press, one fire; a button that is disabled would lose the focus. */
let isFiring = false;

function runButton({ name }, runNow) {
  const button = element('button', { type: 'button', 'aria-label': `Run now: ${name}` }, 'Run now');
  button.addEventListener('click', async () => {
    if (isFiring) return;
    isFiring = true;
    byId('schedules-note').textContent = await runNow(name);
    isFiring = false;
  });
  return button;
}

export function showAlerts(alerts) {
  const list =
    alerts.length === 0
      ? element('p', { class: 'quiet' }, 'None, and none before.')
      : table('Alerts', [
          ['State', ({ closedAt, severity }) => (closedAt === null ? `open, ${severity}` : 'closed'), { bad: ({ closedAt }) => closedAt === null, nowrap: true }],
          ['Rule', ({ rule }) => element('code', {}, rule)],
          ['About', ({ subject }) => subject],
          ['It says', ({ message }) => message],
          ['Opened', ({ openedAt }) => time(openedAt), { nowrap: true }],
          ['Closed', ({ closedAt }) => time(closedAt), { nowrap: true }],
        ], alerts); // biome-ignore format: a table
  fill(byId('alerts-list'), 'Alerts', list);
}

/** Whoever has registered, and whoever holds a chunk without having registered; those who hold one come first. */
export function showProcessors(processors, leases) {
  const held = Map.groupBy(leases, ({ owner }) => owner);
  const known = new Set(processors.map(({ id }) => id));
  const others = [...held.keys()].filter(owner => !known.has(owner)).map(id => ({ id }));
  const rows = [...processors, ...others]
    .map(processor => ({ ...processor, leases: held.get(processor.id) ?? [] }))
    .sort((a, b) => Number(b.leases.length > 0) - Number(a.leases.length > 0));
  const list =
    rows.length === 0
      ? element('p', { class: 'quiet' }, 'Nobody is here.')
      : table('Processors', [
          ['Processor', ({ id, leads }) => (leads ? `${id} (leads)` : id)],
          ['State', stateOf, { bad: row => stateOf(row).startsWith('silent'), nowrap: true }],
          ['Since', ({ startedAt }) => time(startedAt), { nowrap: true }],
          ['Holds', row => holds(row.leases)],
          ['Engine', ({ version }) => version],
        ], rows); // biome-ignore format: a table
  fill(byId('processors-list'), 'Processors', list);
}

function stateOf({ stoppedAt, silentSeconds, leases }) {
  if (stoppedAt != null) return `left ${time(stoppedAt)}`;
  if (silentSeconds > SILENT && leases.length === 0) return `silent for ${duration(silentSeconds)}`;
  return leases.length === 0 ? 'alive, idle' : 'at work';
}

const holds = leases =>
  leases.map(({ chunkNo, until }) => `chunk ${chunkNo} until ${timeOfDay(until)}`).join(', ') || 'nothing';
