import { byId, duration, element, group, percent, time } from './dom.js';

/** A chunk at work for three times as long as most took stands out. */
const SLOW = 3;
const SVG = 'http://www.w3.org/2000/svg';

export function showRun({ run, figures, cells, moreCells, stages }, { errorRateLimit }, openAlerts) {
  byId('run').hidden = run === null;
  byId('state').textContent = run === null ? '' : run.state;
  byId('run-title').textContent =
    run === null ? 'This run' : `Run ${group(run.runId)}${run.kind === 'dry_run' ? ', dry' : ''}`;
  byId('verdict').textContent = verdict(run, figures, errorRateLimit, openAlerts);
  if (run === null) return;

  const share = run.plannedUsers === 0 ? 1 : Math.min(1, figures.done / run.plannedUsers);
  byId('progress').value = share;
  showDue(run);
  const rate = figures.done === 0 ? 0 : run.failed / figures.done;
  showFigures([
    ['Done', `${Math.floor(share * 100)} %`],
    ['Users', `${group(figures.done)} of ${group(run.plannedUsers)}`],
    ['Completed', group(run.completed)],
    ['Failed', `${group(run.failed)} (${percent(rate)})`, rate > errorRateLimit],
    ['Users/s now', run.finishedAt === null ? group(figures.now) : '–'],
    ['Users/s average', group(figures.average)],
    run.finishedAt === null ? ['Time left', leftText(figures.left)] : ['Took', duration(figures.seconds)],
    run.deadlineAt === null ? undefined : ['Deadline', time(run.deadlineAt), isLate(run, figures)],
    run.changed + run.gone === 0 ? undefined : ['Changed or gone meanwhile', group(run.changed + run.gone)],
  ]);
  showCells(run, cells, moreCells);
  showChart(figures);
  showStages(stages);
}

/** Seconds without a sign of work until that is said: where nobody holds a chunk, and where somebody does. */
const ALONE = 30;
const SILENT = 300;

/** In one sentence: is it fine? */
function verdict(run, figures, limit, openAlerts) {
  if (run === null) return 'No run yet. Start one with: cardgenius run';
  const dry = run.kind === 'dry_run' ? 'A dry run: nothing of it is published. ' : '';
  return dry + verdictOf(run, figures, limit, openAlerts);
}

function verdictOf(run, figures, limit, openAlerts) {
  const rate = figures.done === 0 ? 0 : run.failed / figures.done;
  const reason = run.reason === null ? '' : `: ${run.reason}`;
  const tooMany = rate > limit ? ` Too many fail: ${percent(rate)}, the limit is ${percent(limit)}.` : '';
  if (run.state === 'running') {
    const idle = idleText(figures);
    if (idle !== undefined) return `${idle}${tooMany}`;
    const alerts = openAlerts === 0 ? '' : ` ${openAlerts === 1 ? 'An alert is' : `${openAlerts} alerts are`} open.`;
    if (isLate(run, figures)) return `Running, and late.${tooMany}${alerts}`;
    return tooMany || alerts ? `Running.${tooMany}${alerts}` : 'Running well.';
  }
  if (run.state === 'done') {
    const what = run.kind === 'dry_run' ? 'users would have' : 'users have';
    return tooMany === '' ? `Done: ${group(run.completed)} ${what} their ten cards.` : `Done.${tooMany}`;
  }
  return `${run.state[0].toUpperCase()}${run.state.slice(1)}${reason}.${tooMany}`;
}

/** What is wrong with a run that is called running, where nobody works on it, or nothing comes of it. */
function idleText({ atWork, silentSeconds }) {
  if (atWork === 0 && silentSeconds > ALONE) {
    return `Nobody works on it: nothing has happened for ${duration(silentSeconds)}. Start somebody with: cardgenius run`;
  }
  if (silentSeconds <= SILENT) return undefined;
  return `Running, but no chunk was begun or closed for ${duration(silentSeconds)}: look at the processors, and their logs.`;
}

/** The deadline as a line: where the bar must be by now to be in time. */
function showDue({ startedAt, deadlineAt, finishedAt }) {
  const line = byId('due');
  line.hidden = deadlineAt === null || finishedAt !== null;
  if (line.hidden) return;
  const start = new Date(startedAt).getTime();
  const share = Math.min(1, Math.max(0, (Date.now() - start) / (new Date(deadlineAt).getTime() - start)));
  line.style.left = `${share * 100}%`;
  line.title = `To be in time, ${percent(share)} must be done by now`;
}

function isLate(run, figures) {
  if (run.deadlineAt === null || figures.left === null) return false;
  return Date.now() + figures.left.high * 1000 > new Date(run.deadlineAt).getTime();
}

const leftText = left => (left === null ? '–' : `${duration(left.low)} to ${duration(left.high)}`);

function showFigures(figures) {
  byId('figures').replaceChildren(
    ...figures
      .filter(Boolean)
      .map(([name, value, bad]) =>
        element('div', {}, element('dt', {}, name), element('dd', { class: bad ? 'bad' : '' }, value)),
      ),
  );
}

function showCells(run, cells, more) {
  const took = cells
    .filter(cell => cell.state === 'done' && cell.seconds !== undefined)
    .map(seconds)
    .sort((a, b) => a - b);
  const usual = took[Math.floor(took.length / 2)];
  const isSlow = cell =>
    usual !== undefined && ['leased', 'done'].includes(cell.state) && seconds(cell) > Math.max(1, usual * SLOW);
  const kind = cell =>
    `${cell.state}${cell.state === 'done' && cell.failed > 0 ? ' some' : ''}${isSlow(cell) ? ' slow' : ''}`;
  const container = byId('cells');
  container.classList.toggle('many', cells.length > 300);
  while (container.childElementCount > cells.length) container.lastElementChild.remove();
  while (container.childElementCount < cells.length) container.append(document.createElement('i'));
  const counts = new Map();
  cells.forEach((cell, i) => {
    const node = container.children[i];
    const name = kind(cell);
    if (node.className !== name) node.className = name;
    const title = cellText(cell);
    if (node.title !== title) node.title = title;
    for (const part of name.split(' ')) counts.set(part, (counts.get(part) ?? 0) + 1);
  });
  const said = [...counts].map(([name, count]) => `${group(count)} ${NAMES[name] ?? name}`).join(', ');
  container.setAttribute('aria-label', `Chunks by state: ${said}`);
  byId('chunk-text').textContent =
    `${group(run.chunksClosed)} of ${group(run.chunks)} closed${more > 0 ? `; the first ${group(cells.length)} are shown` : ''}`;
  byId('legend').replaceChildren(
    ...[...counts].map(([name, count]) =>
      element(
        'li',
        {},
        element('span', { class: 'cells' }, element('i', { class: name })),
        `${NAMES[name] ?? name} ${group(count)}`,
      ),
    ),
  );
}

const NAMES = {
  open: 'waiting',
  leased: 'at work',
  done: 'done',
  some: 'with failed users',
  slow: 'slow',
  failed: 'failed',
};
const seconds = cell => cell.seconds ?? (Date.now() - new Date(cell.startedAt)) / 1000;

function cellText(cell) {
  const parts = [`Chunk ${cell.chunkNo}: ${cell.state}`, `${group(cell.users)} users`];
  if (cell.failed > 0) parts.push(`${group(cell.failed)} failed`);
  if (cell.attempt > 1) parts.push(`attempt ${cell.attempt}`);
  if (cell.leaseOwner !== undefined) parts.push(cell.leaseOwner);
  if (cell.errorCode !== undefined) parts.push(cell.errorCode);
  return parts.join(', ');
}

function showChart({ throughput, average, seconds: long }) {
  const most = Math.max(1, ...throughput);
  const x = i => (i / (throughput.length - 1)) * 480;
  const y = value => 116 - (value / most) * 108;
  const points = throughput.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 480 120');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `Users a second over the run: ${group(average)} on average, ${group(most)} at most`);
  const shape = (name, attributes) => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    svg.append(node);
  };
  shape('polygon', { class: 'area', points: `0,116 ${points} 480,116` });
  shape('polyline', { class: 'curve', points });
  shape('line', { class: 'mean', x1: 0, x2: 480, y1: y(average), y2: y(average) });
  byId('chart').replaceChildren(
    svg,
    element(
      'div',
      { class: 'axis' },
      element('span', {}, `most ${group(most)}/s`),
      element('span', {}, `over ${duration(long)}`),
    ),
  );
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
  const total = Object.values(stages).reduce((sum, value) => sum + value, 0);
  const bars = element('dl', { class: 'bars' });
  for (const [name, value] of Object.entries(stages)) {
    const share = total === 0 ? 0 : value / total;
    const bar = element('div', { class: 'bar' });
    bar.style.width = `${share * 100}%`;
    bars.append(
      element('dt', {}, STAGES[name]),
      element('dd', {}, bar),
      element('dd', { class: 'share' }, percent(share)),
    );
  }
  byId('stages').replaceChildren(total === 0 ? element('p', { class: 'quiet' }, 'Nothing is finished yet.') : bars);
}
