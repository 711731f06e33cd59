import { byId, element } from './dom.js';
import { duration, group, hourOf, percent, rateText, time, timeOfDay } from './format.js';
import UPlot from './uplot.js';

/** A colour of the page as a canvas takes it: a variable itself still says light and dark. */
function style(name) {
  const probe = element('i', { hidden: true });
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Charts that are there, by the id of their place: data is put in anew, and all is drawn anew where light turns to dark. */
const drawn = new Map();

/** A chart in a place; `make` answers { options, data } for a width, and is asked again when the colours or the width change. */
function draw(id, key, make) {
  const place = byId(id);
  const width = Math.floor(place.clientWidth);
  if (width === 0) return;
  const known = drawn.get(id);
  const { options, data } = make();
  if (known?.key === key && known.width === width) {
    known.chart.setData(data);
    return;
  }
  known?.chart.destroy();
  const height = place.classList.contains('low') ? 150 : 210;
  const chart = new UPlot({ width, height, padding: [10, 40, 0, 0], legend: { show: false }, ...options }, data, place);
  drawn.set(id, { key, width, chart });
}

/** After a change of colours or width: all are made anew with the next data. */
export function forgetCharts() {
  for (const { chart } of drawn.values()) chart.destroy();
  drawn.clear();
}

/** `text` answers the lines of a tooltip for an index. */
function tooltip(text) {
  const box = element('div', { class: 'tip', hidden: true });
  return {
    hooks: {
      init: chart => chart.over.append(box),
      setCursor: chart => {
        const { idx, left } = chart.cursor;
        box.hidden = idx === null || idx === undefined || left < 0;
        if (box.hidden) return;
        box.replaceChildren(...text(idx).map(line => element('div', {}, line)));
        box.style.left = `${Math.min(left + 12, chart.over.clientWidth - box.offsetWidth - 4)}px`;
      },
    },
  };
}

const axis = (label, values, more = {}) => ({
  stroke: style('--quiet'),
  grid: { stroke: style('--line'), width: 1 },
  ticks: { show: false },
  font: '12px system-ui, sans-serif',
  labelFont: '12px system-ui, sans-serif',
  label,
  labelSize: 18,
  values: (_chart, ticks) => ticks.map(values),
  ...more,
});

const medianOf = values => {
  const sorted = values.filter(value => value > 0).sort((a, b) => a - b);
  return sorted.length === 0 ? 0 : sorted[Math.floor(sorted.length / 2)];
};

export function showThroughput({ throughput, stepSeconds, average }, startedAt) {
  const start = new Date(startedAt).getTime() / 1000;
  const times = throughput.map((_, i) => start + (i + 0.5) * stepSeconds);
  const median = medianOf(throughput);
  const most = Math.max(...throughput, 0);
  byId('chart-text').textContent =
    most === 0
      ? 'No chunk is closed yet.'
      : `Median ${group(median)} users/s, at most ${group(most)}, ${group(average)} over all.`;
  byId('chart').setAttribute(
    'aria-label',
    `Users a second over the run: median ${group(median)}, at most ${group(most)}, ${group(average)} over all`,
  );
  draw('chart', 'throughput', () => {
    const data = [times, throughput, throughput.map(() => median)];
    const current = { data };
    tips.throughput = current;
    return {
      data,
      options: {
        plugins: [
          tooltip(i => [
            `${group(tips.throughput.data[1][i])} users/s`,
            `median ${group(tips.throughput.data[2][i])}`,
            time(tips.throughput.data[0][i] * 1000),
          ]),
        ],
        cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
        scales: { x: { time: true }, y: { range: (_chart, _low, high) => [0, Math.max(1, high * 1.1)] } },
        axes: [
          axis(undefined, value => (throughput.length * stepSeconds < 900 ? timeOfDay : hourOf)(value * 1000), {
            space: 90,
            size: 32,
          }),
          axis('users/s', group, { size: 58 }),
        ],
        series: [
          {},
          { stroke: style('--accent'), fill: style('--accent-soft'), width: 2, points: { show: false } },
          { stroke: style('--quiet'), dash: [5, 4], width: 1.5, points: { show: false } },
        ],
      },
    };
  });
}

/** What the tooltips speak of: data is replaced, the tooltips stay. */
const tips = {};

const WEEKS = 12;

/** Runs of the last twelve weeks that had users and have ended, the oldest first; `open` shows one. */
export function showHistory(runs, limit, now, open) {
  const since = now - WEEKS * 7 * 86_400_000;
  const shown = runs
    .filter(run => run.kind === 'batch' && run.finishedAt !== null && run.plannedUsers > 0)
    .filter(run => new Date(run.startedAt).getTime() >= since)
    .reverse();
  byId('history').hidden = shown.length < 2;
  if (shown.length < 2) return;
  const took = shown.map(run => Math.max(0, new Date(run.finishedAt) - new Date(run.startedAt)) / 60_000);
  const due = shown.map(run =>
    run.deadlineAt === null ? null : (new Date(run.deadlineAt) - new Date(run.startedAt)) / 60_000,
  );
  const rate = shown.map(run => {
    const all = run.completed + run.failed + run.changed + run.gone;
    return all === 0 ? 0 : (run.failed / all) * 100;
  });
  tips.runs = { shown, took, rate, open };
  const xs = shown.map((_, i) => i);
  byId('took-chart').setAttribute(
    'aria-label',
    `Minutes that ${shown.length} runs took: the latest ${duration(took.at(-1) * 60)}, the longest ${duration(Math.max(...took) * 60)}`,
  );
  byId('rate-chart').setAttribute(
    'aria-label',
    `Share of users who failed in ${shown.length} runs: the latest ${rateText(rate.at(-1) / 100, limit)}, the most ${percent(Math.max(...rate) / 100)}`,
  );
  bars(
    'took-chart',
    [xs, took, due],
    'min',
    value => group(value),
    i => [`Run ${tips.runs.shown[i].runId}: ${duration(tips.runs.took[i] * 60)}`, time(tips.runs.shown[i].startedAt)],
  );
  bars(
    'rate-chart',
    [
      xs,
      rate.map(value => (value > limit * 100 ? null : value)),
      rate.map(() => limit * 100),
      rate.map(value => (value > limit * 100 ? value : null)),
    ],
    '%',
    value => percent(value / 100).replace(' %', ''),
    i => [
      `Run ${tips.runs.shown[i].runId}: ${rateText(tips.runs.rate[i] / 100, limit)}`,
      time(tips.runs.shown[i].startedAt),
    ],
  );
}

/** `data`: places, bars, the line they are measured by, and, where there are some, bars that are above it. */
function bars(id, data, unit, values, text) {
  const columns = colour => ({
    stroke: style(colour),
    fill: style(colour),
    width: 0,
    paths: UPlot.paths.bars({ size: [0.6, 28] }),
    points: { show: false },
  });
  draw(id, `${id} ${data[0].length}`, () => ({
    data,
    options: {
      plugins: [tooltip(text), openOnClick()],
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: [-0.6, data[0].length - 0.4] },
        y: { range: (_chart, _low, high) => [0, high > 0 ? high * 1.15 : 1] },
      },
      axes: [
        axis('run', i => (Number.isInteger(i) && tips.runs.shown[i] ? `${tips.runs.shown[i].runId}` : ''), {
          space: 40,
          size: 28,
        }),
        axis(unit, values, { size: 52 }),
      ],
      series: [
        {},
        columns('--accent'),
        { stroke: style('--slow'), dash: [5, 4], width: 1.5, points: { show: false } },
        ...(data.length > 3 ? [columns('--failed')] : []),
      ],
    },
  }));
}

/** A run is opened by its bar; by keyboard, in the table below. */
const openOnClick = () => ({
  hooks: {
    init: chart =>
      chart.over.addEventListener('click', () => {
        const run = tips.runs.shown[chart.cursor.idx];
        if (run !== undefined) tips.runs.open(run.runId);
      }),
  },
});
