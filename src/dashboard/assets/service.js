import { askFirst } from './acts.js';
import { byId, element, fill, iconOf, nothing, say, table } from './dom.js';
import { duration, time, timeOfDay } from './format.js';
import { runLink } from './lists.js';

/** Seconds: a processor says that it lives every fifteen at the latest. */
const SILENT = 60;
/** Open alerts that are shown above everything; the others are counted. */
const BANNERS = 3;

/** `runNow` is undefined where this visitor may not. */
export function showSchedules(schedules, runNow, open) {
  const columns = [
    ['Schedule', ({ name }) => name],
    ['Fires', ({ cron, timeZone }) => element('span', {}, element('code', {}, cron), ` in ${timeZone}`)],
    ['Next', ({ next }) => time(next), { nowrap: true }],
    ['Last', ({ last }) => time(last?.plannedAt), { nowrap: true }],
    [
      'What came of it',
      ({ last }) => cameOf(last, open),
      { bad: ({ last }) => last?.runState === 'failed' || last?.decision === 'held' },
    ],
    ...(runNow === undefined ? [] : [['Now', schedule => runButton(schedule, runNow)]]),
  ];
  fill(byId('schedules-list'), table('Schedules', columns, schedules));
}

function cameOf(last, open) {
  if (last === undefined) return 'Not fired yet';
  const decision = last.decision.replace('_', ' ');
  if (last.runId === null) return decision;
  return element(
    'span',
    {},
    `${decision}, run `,
    runLink(last.runId, open),
    last.runState === null ? '' : ` ${last.runState}`,
  );
}

function runButton({ name }, runNow) {
  const button = element('button', { type: 'button', class: 'plain', 'aria-label': `Run now: ${name}` }, 'Run now');
  button.addEventListener('click', async () => {
    const said = await askFirst({
      title: `Run ${name} now?`,
      text: 'It opens a run over all users who are due. Where one is active, that run goes on instead.',
      yes: 'Run now',
      act: () => runNow(name),
    });
    if (said !== undefined) say('schedules-note', said);
  });
  return button;
}

/** What is wrong now, above everything: the most severe first. */
export function showBanner(alerts) {
  const rank = { critical: 0, warning: 1 };
  const open = alerts.filter(({ closedAt }) => closedAt === null).sort((a, b) => rank[a.severity] - rank[b.severity]);
  byId('banner').hidden = open.length === 0;
  const rows = open
    .slice(0, BANNERS)
    .map(({ rule, subject, severity, message, openedAt, look }) =>
      element(
        'li',
        { class: severity },
        iconOf(severity === 'critical' ? 'bad' : 'warn'),
        element(
          'div',
          {},
          element('strong', {}, `${severity === 'critical' ? 'Critical' : 'Warning'}: ${message}`),
          element('span', { class: 'quiet' }, `${rule} · ${subject} · since ${time(openedAt)}`),
          look === undefined ? undefined : element('span', { class: 'quiet' }, `Look at: ${look}`),
        ),
      ),
    );
  const more = open.length - BANNERS;
  if (more > 0)
    rows.push(
      element('li', { class: 'more' }, element('a', { href: `${location.pathname}#alerts` }, `and ${more} more`)),
    );
  byId('banner').replaceChildren(...rows);
}

export function showAlerts(alerts) {
  showBanner(alerts);
  const list =
    alerts.length === 0
      ? nothing('None, and none before.')
      : table('Alerts', [
          ['State', ({ closedAt, severity }) => (closedAt === null ? `open, ${severity}` : 'over'), { bad: ({ closedAt }) => closedAt === null, nowrap: true }],
          ['Rule', ({ rule }) => element('code', {}, rule)],
          ['About', ({ subject }) => subject],
          ['It says', ({ message, closedAt }) => (closedAt === null ? message : `It said: ${message}`)],
          ['Opened', ({ openedAt }) => time(openedAt), { nowrap: true }],
          ['Over', ({ closedAt }) => time(closedAt), { nowrap: true }],
        ], alerts); // biome-ignore format: a table
  fill(byId('alerts-list'), list);
}

/** Each that has registered, and each that holds a chunk without having registered; those that hold one come first. */
export function showProcessors(processors, leases) {
  const held = Map.groupBy(leases, ({ owner }) => owner);
  const known = new Set(processors.map(({ id }) => id));
  const others = [...held.keys()].filter(owner => !known.has(owner)).map(id => ({ id }));
  const rows = [...processors, ...others]
    .map(processor => ({ ...processor, leases: held.get(processor.id) ?? [] }))
    .sort((a, b) => Number(b.leases.length > 0) - Number(a.leases.length > 0));
  const list =
    rows.length === 0
      ? nothing('No processor was seen lately.')
      : table('Processors', [
          ['Processor', ({ id, leads }) => (leads ? `${id} (leads)` : id)],
          ['State', stateOf, { bad: row => stateOf(row).startsWith('silent'), nowrap: true }],
          ['Since', ({ startedAt }) => time(startedAt), { nowrap: true }],
          ['Holds', row => holds(row.leases)],
          ['Engine', ({ version }) => version],
        ], rows); // biome-ignore format: a table
  fill(byId('processors-list'), list);
}

function stateOf({ stoppedAt, silentSeconds, leases }) {
  if (stoppedAt != null) return `left ${time(stoppedAt)}`;
  if (silentSeconds > SILENT && leases.length === 0) return `silent for ${duration(silentSeconds)}`;
  return leases.length === 0 ? 'alive, idle' : 'at work';
}

const holds = leases =>
  leases.map(({ chunkNo, until }) => `chunk ${chunkNo} until ${timeOfDay(until)}`).join(', ') || 'nothing';
