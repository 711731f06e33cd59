import { wordsOf } from './acts.js';
import { forgetCharts } from './charts.js';
import { byId, say } from './dom.js';
import { duration, group, zone } from './format.js';
import { showFailures, showRuns } from './lists.js';
import { showOneRun, showRun } from './run.js';
import { showAlerts, showProcessors, showSchedules } from './service.js';
import { openStream } from './stream.js';
import { showUser } from './user.js';

/** Where the page's files and answers lie, also behind a proxy that serves it under a path; said once, because a base that is relative moves. */
const ROOT = new URL(document.baseURI).href;
document.querySelector('base').href = ROOT;

/** How often lists are asked for again, milliseconds: at most, where a run began or ended, and anyway. */
const LIST_EVERY = 2_000;
const LIST_SELDOM = 15_000;
/** How often a run's own page is asked for again while the run goes on. */
const RUN_EVERY = 4_000;

const DRAW_MS = 200;

let session;
let latest;
let lists = {};
/** What each list shows, as text: one that has not changed is left alone, and its reader with it. */
let shown = {};
let listsFor = '';
let listsAt = 0;
/** The run of a page of its own; undefined on the overview. */
let own;
let isStreaming = false;
/** The server's clock minus ours. */
let ahead = 0;
let heardAt;
let wasLost = false;
let saidGoodbye = false;
let drawing;

const now = () => Date.now() + ahead;

class Refused extends Error {}

async function ask(path, body) {
  const options =
    body === undefined
      ? {}
      : {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-csrf-token': session?.csrf ?? '' },
          body: JSON.stringify(body),
        };
  const answer = await fetch(ROOT + path, options);
  const json = await answer.json();
  if (!answer.ok) throw new Refused(json.error);
  return json;
}

/** Acts; where the session is not known any more, because the process was started anew, it is asked for again, once. */
async function act(path, body) {
  try {
    return await ask(path, body);
  } catch (error) {
    if (!(error instanceof Refused) || !['MAY_NOT_ACT', 'TOKEN_NEEDED'].includes(error.message)) throw error;
    await begin();
    return await ask(path, body);
  }
}

function link(state, text) {
  byId('link').dataset.state = state;
  say('link', text);
}

/** A token behind '#', from the terminal: it is used once and leaves the address. */
async function useTokenOfAddress() {
  const token = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
  if (token === undefined) return;
  history.replaceState(null, '', location.pathname);
  await ask('api/sign-in', { token }).catch(() => {});
}

/** Asks what this visitor may do: at the start, after each break, and where an act was refused. */
async function begin() {
  session = await ask('api/session');
  ahead = session.at - Date.now();
  shown = {};
  listsFor = '';
  const { canRead, canAct, needsToken, place, sections, version } = session;
  byId('sign-in').hidden = canRead;
  byId('page').hidden = !canRead;
  byId('sign-out').hidden = !canRead || !needsToken;
  say('version', `Version ${version}. ${canAct ? '' : 'For looking only.'}`);
  if (!canRead) {
    link('', 'Signed out');
    if (session.refusal === 'PROXY_NEEDS_TOKEN')
      say(
        'sign-in-error',
        'This came through a proxy. Set CARDGENIUS_DASHBOARD_TOKEN where the dashboard runs; then sign in with it.',
      );
    byId('token').focus();
    return;
  }
  say(
    'place',
    [place && [place.database, place.version].filter(Boolean).join(' · '), `times in ${zone()}`]
      .filter(Boolean)
      .join(' · '),
  );
  for (const [section, name] of [['failures'], ['schedules'], ['alerts'], ['search', 'user']])
    byId(section).hidden = !sections.includes(name ?? section);
  if (!isStreaming) openStream(`${ROOT}api/events`, heard);
  isStreaming = true;
  showView();
}

function heard({ type, data }) {
  if (type === 'lost' || type === 'silent' || type === 'bye') {
    wasLost = true;
    if (type === 'bye') showLists(data);
    // Until the process is back, what it said last stays said: that the connection is lost goes without saying.
    if (saidGoodbye && type !== 'bye') return;
    saidGoodbye = type === 'bye';
    link('lost', LOST[type]);
    return;
  }
  heardAt = performance.now();
  if (data !== undefined) ahead = data.at - Date.now();
  link('live', 'Live');
  saidGoodbye = false;
  if (wasLost) {
    wasLost = false;
    void begin().catch(() => {});
  }
  if (type !== 'snapshot') return;
  latest = data;
  // However fast they come, they are drawn no faster than they are read.
  if (drawing !== undefined) return;
  drawing = setTimeout(() => {
    drawing = undefined;
    show();
  }, DRAW_MS);
}

const LOST = {
  lost: 'Connection lost; trying again…',
  silent: 'The server says nothing; asking again…',
  bye: 'The process has ended; this is the last it said. Asking whether it is back…',
};

/** The age of what is shown, where it is more than a beat. */
setInterval(() => {
  const age = heardAt === undefined ? 0 : (performance.now() - heardAt) / 1000;
  say('age', age > 6 ? `${duration(age)} old` : '');
}, 1_000);

function context() {
  const steer = session.canSteer && session.canAct ? steerRun : undefined;
  return { limit: session.errorRateLimit, openAlerts: openAlerts(), now: now(), steer };
}

function show() {
  if (latest === undefined || !session?.canRead) return;
  const { database, run, empty } = latest;
  if (own === undefined) showRun(latest, context());
  else void refreshOwn();
  const key = `${run?.runId} ${run?.state} ${empty?.runId} ${database.up}`;
  const wait = key === listsFor ? LIST_SELDOM : LIST_EVERY;
  if (database.up && Date.now() - listsAt > wait) void askForLists(key);
  else showList('processors', lists.processors ?? []);
}

/** How many alerts are open, as far as that is known here. */
const openAlerts = () =>
  Array.isArray(lists.alerts) ? lists.alerts.filter(({ closedAt }) => closedAt === null).length : 0;

async function askForLists(key = listsFor) {
  listsFor = key;
  listsAt = Date.now();
  try {
    showLists(await ask('api/lists'));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    listsFor = ''; // asked again with the next look
  }
}

function showLists(answer) {
  lists = { ...lists, ...answer };
  for (const [name, rows] of Object.entries(lists)) showList(name, rows);
  if (latest !== undefined && own === undefined) showRun(latest, context());
}

const SHOW = {
  runs: rows => showRuns(rows, session, now(), openRun),
  failures: rows => showFailures(rows, session, retry, latest?.run),
  schedules: rows => showSchedules(rows, session.canRunNow && session.canAct ? runNow : undefined, openRun),
  alerts: showAlerts,
  processors: rows => showProcessors(rows, latest?.leases ?? []),
};

function showList(name, rows) {
  const beside = { processors: latest?.leases, failures: latest?.run?.state };
  const text = JSON.stringify([rows, beside[name]]);
  if (shown[name] === text || SHOW[name] === undefined) return;
  shown[name] = text;
  if (Array.isArray(rows)) SHOW[name](rows);
  else say(`${name}-list`, `Cannot be shown: ${rows.error}. What it means: docs/troubleshooting.md`);
}

async function retry(code) {
  const { users } = await act('api/retry', { code });
  void askForLists();
  return `${group(users)} users who failed with ${code} are new again. The next round or run takes them.`;
}

async function runNow(schedule) {
  const { decision, runId } = await act('api/run-now', { schedule });
  void askForLists();
  if (decision === 'held') return `Run ${runId} is paused: the fire of ${schedule} is recorded as held.`;
  return decision === 'overlapped'
    ? `Run ${runId} is active: the fire of ${schedule} is recorded as overlapped.`
    : `Run ${runId} is open; the next free processor works on it.`;
}

async function steerRun(runId, what, reason) {
  await act('api/steer', { runId, act: what, reason });
  void askForLists();
}

/** The address says what is shown: nothing, or runs/12. */
function showView() {
  const runId = /^runs\/(\d+)$/.exec(location.href.slice(ROOT.length).split(/[?#]/)[0])?.[1];
  own = runId === undefined ? undefined : { runId: Number(runId), askedAt: 0, data: undefined };
  byId('lists').hidden = own !== undefined;
  byId('one-run').hidden = true;
  byId('back').hidden = own === undefined;
  say('acts-note', '');
  if (own === undefined) show();
  else void refreshOwn();
}

async function refreshOwn() {
  const mine = own;
  const isOver = mine.data !== undefined && mine.data.run.finishedAt !== null;
  if (isOver || Date.now() - mine.askedAt < RUN_EVERY) return;
  mine.askedAt = Date.now();
  try {
    const data = await ask(`api/runs/${mine.runId}`);
    if (own !== mine) return; // another run was opened meanwhile
    mine.data = data;
    byId('one-run').hidden = false;
    showRun(data, { ...context(), openAlerts: 0 });
    showOneRun(data);
  } catch (error) {
    if (own !== mine || !(error instanceof Refused)) return;
    say(
      'verdict',
      error.message === 'NO_SUCH_RUN' ? `There is no run ${mine.runId}.` : `Cannot be shown: ${wordsOf(error.message)}`,
    );
    say('why', '');
    byId('run').hidden = true;
  }
}

function go(path) {
  history.pushState(null, '', ROOT + path);
  showView();
  scrollTo(0, 0);
  byId('main').focus({ preventScroll: true });
}
const openRun = runId => go(`runs/${runId}`);
addEventListener('popstate', showView);
for (const id of ['home', 'all-runs'])
  byId(id).addEventListener('click', event => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go('');
  });
byId('skip').href = `${location.pathname}#main`;

byId('sign-in').addEventListener('submit', async event => {
  event.preventDefault();
  try {
    await ask('api/sign-in', { token: byId('token').value });
    say('sign-in-error', '');
    byId('token').value = '';
    await begin();
  } catch (error) {
    say(
      'sign-in-error',
      error.message === 'TOKEN_REFUSED' ? 'That token is not known here.' : `Not signed in: ${wordsOf(error.message)}`,
    );
  }
});

byId('sign-out').addEventListener('click', async () => {
  await ask('api/sign-out', {}).catch(() => {});
  location.reload();
});

let searches = 0;
byId('user-form').addEventListener('submit', async event => {
  event.preventDefault();
  const mine = ++searches;
  const answer = await ask(`api/user?id=${encodeURIComponent(byId('user-id').value)}`).catch(error =>
    error.message === 'NO_SUCH_USER' ? 'There is no such user.' : `Cannot be shown: ${wordsOf(error.message)}`,
  );
  if (mine === searches) showUser(answer); // an older answer never overwrites a newer one
});

/** Colours and widths of the charts are theirs: they are drawn anew. */
const redraw = () => {
  forgetCharts();
  shown.runs = undefined;
  if (lists.runs !== undefined) showList('runs', lists.runs);
  if (own?.data === undefined) show();
  else showRun(own.data, { ...context(), openAlerts: 0 });
};
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
let resized;
addEventListener('resize', () => {
  clearTimeout(resized);
  resized = setTimeout(redraw, 150);
});

// A list that changed within its interval, and a tab that slept, are caught up here.
setInterval(show, LIST_EVERY);

const start = () =>
  begin().catch(error => {
    link('lost', `The dashboard does not answer: ${error.message}`);
    setTimeout(start, 3_000);
  });
await useTokenOfAddress().catch(() => {});
void start();
