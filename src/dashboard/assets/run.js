import { actsFor, askFirst } from './acts.js';
import { showThroughput } from './charts.js';
import { byId, element, fill, iconOf, nothing, say, tabIcon, table } from './dom.js';
import {
  decided,
  duration,
  failedShare,
  group,
  leftText,
  limitText,
  percent,
  percentAbove,
  rateText,
  soon,
  time,
} from './format.js';
import { isGate, isLate, verdictOf } from './verdict.js';

/** A chunk at work for three times as long as most took stands out. */
const SLOW = 3;

/**
 * The verdict, the figures and the charts of a run. `context` is { limit, openAlerts, now, steer }: `steer` is undefined where this visitor may not act;
 * `isOnly` where the page is the run's own.
 */
export function showRun(snapshot, context) {
  const { run, figures, cells, moreCells, stages } = snapshot;
  const { limit, now } = context;
  const verdict = verdictOf(snapshot, context);
  byId('hero').dataset.level = verdict.level;
  if (byId('hero-icon').dataset.level !== verdict.level) {
    byId('hero-icon').dataset.level = verdict.level;
    byId('hero-icon').replaceChildren(iconOf(verdict.level));
  }
  say('verdict', verdict.title);
  say('why', verdict.why);
  say('run-line', runLine(snapshot, now));
  showTab(run, figures, verdict);
  showActs(run, snapshot.database?.up === false ? undefined : context.steer);
  byId('run').hidden = run === null || figures === null;
  if (byId('run').hidden) return;

  byId('progress').value = shareOf(run, figures);
  showDue(run, now);
  showFigures(run, figures, limit, now);
  showThroughput(figures, run.startedAt);
  showStages(stages);
  showCells(run, cells, moreCells, limit, now);
}

const shareOf = (run, figures) => (run.plannedUsers === 0 ? 1 : Math.min(1, figures.done / run.plannedUsers));

function runLine({ run, empty }, now) {
  if (run === null) return '';
  const kind = run.kind === 'dry_run' ? 'dry run' : 'run';
  const took =
    run.finishedAt === null
      ? `for ${duration((now - new Date(run.startedAt)) / 1000)}`
      : `until ${time(run.finishedAt)}`;
  const line = `${kind[0].toUpperCase()}${kind.slice(1)} ${run.runId}, asked for by ${run.requestedBy}; since ${time(run.startedAt)}, ${took}. ${run.engineName} ${run.engineVersion}.`;
  if (empty === null || empty === undefined) return line;
  return `${line} Run ${empty.runId} of ${time(empty.startedAt)} found no user who was due.`;
}

function showTab(run, figures, { level, word }) {
  const share =
    run === null || figures === null || run.finishedAt !== null ? '' : `${Math.floor(shareOf(run, figures) * 100)} % `;
  const title = `${share}${word} · CardGenius`;
  if (document.title !== title) document.title = title;
  tabIcon(level);
}

let actsShown = '';

function showActs(run, steer) {
  const offered = run === null || steer === undefined ? [] : actsFor(run, isGate(run));
  const key = JSON.stringify([run?.runId, offered]);
  if (key === actsShown) return;
  actsShown = key;
  const buttons = offered.map(({ act, label, done, isFirst, ...question }) => {
    const button = element(
      'button',
      { type: 'button', class: isFirst ? '' : 'plain', 'aria-label': `${label}: run ${run.runId}` },
      label,
    );
    button.addEventListener('click', async () => {
      const said = await askFirst({
        ...question,
        act: async reason => {
          await steer(run.runId, act, reason);
          return `Run ${run.runId} ${done}`;
        },
      });
      if (said !== undefined) say('acts-note', said);
    });
    return button;
  });
  fill(byId('run-acts'), ...buttons);
}

/** The deadline as a line: where the bar must be by now to be in time. */
function showDue({ startedAt, deadlineAt, finishedAt }, now) {
  const line = byId('due');
  line.hidden = deadlineAt === null || finishedAt !== null;
  if (line.hidden) return;
  const start = new Date(startedAt).getTime();
  const share = Math.min(1, Math.max(0, (now - start) / (new Date(deadlineAt).getTime() - start)));
  line.style.left = `${share * 100}%`;
  line.title = `To be in time, ${percent(share)} must be done by now`;
}

/** What is asked first: how long yet, how fast, how far, how many failed. Each said once. */
function showFigures(run, figures, limit, now) {
  const rate = failedShare(run);
  const active = run.finishedAt === null;
  const share = `${Math.floor(shareOf(run, figures) * 100)} %`;
  const all = [
    active
      ? ['Time left', leftText(figures.left), `${duration(figures.seconds)} so far`]
      : ['Took', duration(figures.seconds), ''],
    [
      'Users/s',
      group(active ? figures.now : figures.average),
      active ? `${group(figures.average)} over all` : 'over all',
    ],
    ['Done', share, `${group(figures.done)} of ${group(run.plannedUsers)} users`],
    [
      'Failed',
      run.failed === 0 ? 'none' : percentAbove(rate, limit),
      run.failed === 0 ? `limit ${limitText(limit)}` : `${group(run.failed)} users, limit ${limitText(limit)}`,
      rate > limit,
    ],
    run.deadlineAt === null || !active
      ? undefined
      : [
          'Deadline',
          soon(run.deadlineAt, now),
          figures.left === null ? '' : isLate(run, figures, now) ? 'will be missed' : 'in time',
          isLate(run, figures, now),
        ],
    run.changed + run.gone === 0 ? undefined : ['Changed or gone meanwhile', group(run.changed + run.gone), 'users'],
  ];
  byId('figures').replaceChildren(
    ...all
      .filter(Boolean)
      .map(([name, value, more, bad]) =>
        element(
          'div',
          { class: bad ? 'bad' : '' },
          element('dt', {}, name),
          element('dd', {}, value),
          element('dd', { class: 'more' }, more),
        ),
      ),
  );
}

const NAMES = {
  open: 'waiting',
  leased: 'at work',
  done: 'done',
  some: 'with failed users, below the limit',
  over: 'with failed users, above the limit',
  slow: 'slow',
  failed: 'failed',
  split: 'split',
};

function showCells(run, cells, more, limit, now) {
  const secondsOf = cell => Math.max(0, cell.seconds ?? (now - new Date(cell.startedAt)) / 1000);
  const took = cells
    .filter(cell => cell.state === 'done' && cell.seconds !== undefined)
    .map(secondsOf)
    .sort((a, b) => a - b);
  const usual = took[Math.floor(took.length / 2)];
  const isSlow = cell =>
    usual !== undefined && ['leased', 'done'].includes(cell.state) && secondsOf(cell) > Math.max(1, usual * SLOW);
  const share = cell => (cell.users === 0 ? 0 : (cell.failed ?? 0) / cell.users);
  const kind = cell => {
    const failed = cell.state !== 'done' || share(cell) === 0 ? '' : share(cell) > limit ? ' over' : ' some';
    return `${cell.state}${failed}${isSlow(cell) ? ' slow' : ''}`;
  };
  const container = byId('cells');
  container.classList.toggle('many', cells.length > 300);
  while (container.childElementCount > cells.length) container.lastElementChild.remove();
  while (container.childElementCount < cells.length) container.append(document.createElement('i'));
  const counts = new Map();
  cells.forEach((cell, i) => {
    const node = container.children[i];
    const name = kind(cell);
    if (node.className !== name) node.className = name;
    // Half red just above the limit, all red where a quarter or more failed.
    const depth = name.includes('over') ? Math.min(1, 0.5 + share(cell) * 2) : 0;
    node.style.setProperty('--depth', `${Math.round(depth * 100)}%`);
    const title = cellText(cell, limit);
    if (node.title !== title) node.title = title;
    for (const part of name.split(' ')) counts.set(part, (counts.get(part) ?? 0) + 1);
  });
  const said = [...counts].map(([name, count]) => `${group(count)} ${NAMES[name] ?? name}`).join(', ');
  container.setAttribute('aria-label', `Chunks by state: ${said || 'none'}`);
  const first = more > 0 ? `; the first ${group(cells.length)} are shown` : '';
  say('chunk-text', `${group(run.chunksClosed)} of ${group(run.chunks)} closed${first}`);
  byId('legend').replaceChildren(
    ...[...counts].map(([name, count]) =>
      element(
        'li',
        {},
        element(
          'span',
          { class: 'cells' },
          element('i', { class: name === 'some' || name === 'over' ? `done ${name}` : name }),
        ),
        `${NAMES[name] ?? name} ${group(count)}`,
      ),
    ),
  );
}

function cellText(cell, limit) {
  const parts = [`Chunk ${cell.chunkNo}: ${NAMES[cell.state] ?? cell.state}`, `${group(cell.users)} users`];
  if (cell.failed > 0) parts.push(`${group(cell.failed)} failed, ${rateText(cell.failed / cell.users, limit)}`);
  if (cell.attempt > 1) parts.push(`attempt ${cell.attempt}`);
  if (cell.leaseOwner !== undefined) parts.push(cell.leaseOwner);
  if (cell.errorCode !== undefined) parts.push(cell.errorCode);
  return parts.join(', ');
}

const STAGES = {
  waiting: 'claim, read',
  claim: 'claim',
  read: 'read',
  compute: 'compute',
  load: 'load',
  publish: 'publish',
};

function showStages(stages) {
  const known = Object.entries(stages).filter(([, value]) => value > 0);
  const total = known.reduce((sum, [, value]) => sum + value, 0);
  if (total === 0) {
    byId('stages').replaceChildren(nothing('Nothing is finished yet.'));
    return;
  }
  const bar = element('div', { class: 'stack', 'aria-hidden': 'true' });
  const list = element('dl', { class: 'stages' });
  for (const [name, value] of known) {
    const part = element('i', { class: `stage ${name}` });
    part.style.width = `${(value / total) * 100}%`;
    bar.append(part);
    list.append(
      element('dt', {}, element('i', { class: `stage ${name}` }), STAGES[name]),
      element('dd', {}, percent(value / total)),
      element('dd', { class: 'quiet' }, duration(value / 1000)),
    );
  }
  byId('stages').replaceChildren(bar, list);
}

/** What only a run's own page has: attempts that went wrong, acts, and every figure. */
export function showOneRun({ run, trouble, acts, firstCards, commonest }) {
  const list =
    trouble.length === 0
      ? nothing('None.')
      : table('Attempts that went wrong', [
          ['Chunk', ({ chunkNo }) => group(chunkNo), { number: true }],
          ['Attempt', ({ attempt }) => group(attempt), { number: true }],
          ['Outcome', ({ outcome }) => outcome],
          ['Code', ({ errorCode }) => element('code', {}, errorCode ?? '')],
          ['Processor', ({ leaseOwner }) => leaseOwner],
          ['Ended', ({ endedAt }) => time(endedAt), { nowrap: true }],
        ], trouble); // biome-ignore format: a table
  fill(byId('trouble-list'), list);
  byId('acts').hidden = acts === undefined;
  if (acts !== undefined) fill(byId('acts-list'), actsTable(acts));
  const facts = [
    ['Users planned', group(run.plannedUsers)],
    ['Completed', group(run.completed)],
    ['Failed', group(run.failed)],
    ['Commonest failure', failureText(commonest)],
    ['First cards changed', firstCardsText(firstCards)],
    ['Changed meanwhile', group(run.changed)],
    ['Gone meanwhile', group(run.gone)],
    ['Decided', group(decided(run))],
    ['Rows written', group(run.rowsWritten)],
    ['Rows that stayed', group(run.rowsUnchanged)],
    ['Round', group(run.round)],
    ['Attempts that failed', group(run.failures)],
    ['Engine', `${run.engineName} ${run.engineVersion}`],
    ['Fingerprint', `${run.fingerprint.slice(0, 12)} (engine, catalogue and limits)`],
    ['Gates', run.gateAccepted ? 'let pass by a person' : 'watched'],
    ['Reason', run.reason ?? ''],
  ];
  byId('facts').replaceChildren(
    ...facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  );
}

/** Of those who are failed now: a user who has cards since is no failure any more. */
function failureText(commonest) {
  if (commonest?.code === undefined) return 'none now';
  return `${commonest.code ?? 'without a code'}: ${group(commonest.users)} of ${group(commonest.seen)} looked at`;
}

function firstCardsText(firstCards) {
  if (firstCards === undefined) return 'not looked at';
  const { known, changed } = firstCards;
  return `${group(changed)} of ${group(known)} users looked at who had cards, ${percent(changed / known)}`;
}

export const actsTable = acts =>
  acts.length === 0
    ? nothing('Nothing was done by hand.')
    : table('Who did what', [
        ['When', ({ actedAt }) => time(actedAt), { nowrap: true }],
        ['What', ({ act }) => act.replaceAll('_', ' ')],
        ['Who', ({ person, login }) => person ?? login],
        ['From', ({ origin }) => origin],
        ['Login', ({ login }) => login],
        ['How many', ({ affected }) => (affected === null ? '' : group(affected)), { number: true }],
        ['Reason', ({ reason, subject }) => reason ?? subject ?? ''],
      ], acts); // biome-ignore format: a table
