import { byId, group, time } from './dom.js';
import { showFailures, showRuns, showUser } from './lists.js';
import { showRun } from './run.js';
import { showAlerts, showProcessors, showSchedules } from './service.js';

/** How often lists are asked for again, milliseconds: at most, where a run began or ended, and anyway. */
const LIST_EVERY = 2_000;
const LIST_SELDOM = 15_000;

let session;
let latest;
let lists = {};
/** What each list shows, as text: one that has not changed is left alone, and with it whoever is reading it. */
let shown = {};
let listsFor = '';
let listsAt = 0;

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
  const answer = await fetch(path, options);
  const json = await answer.json();
  if (!answer.ok) throw new Refused(json.error);
  return json;
}

function link(state, text) {
  byId('link').dataset.state = state;
  byId('link').textContent = text;
}

async function begin() {
  session = await ask('api/session');
  shown = {};
  listsFor = '';
  byId('sign-in').hidden = session.canRead;
  byId('page').hidden = !session.canRead;
  byId('version').textContent = `Version ${session.version}. ${session.canAct ? '' : 'For looking only.'}`;
  if (!session.canRead) {
    link('', 'Signed out');
    if (session.refusal === 'PROXY_NEEDS_TOKEN')
      byId('sign-in-error').textContent =
        'This came through a proxy. Set CARDGENIUS_DASHBOARD_TOKEN where the dashboard runs; then sign in with it.';
    byId('token').focus();
    return;
  }
  for (const [section, name] of [['failures'], ['schedules'], ['alerts'], ['search', 'user']])
    byId(section).hidden = !session.sections.includes(name ?? section);
  listen();
}

function listen() {
  const source = new EventSource('api/events');
  let isOver = false;
  source.onopen = () => link('live', 'Live');
  source.onmessage = ({ data }) => {
    latest = JSON.parse(data);
    show(latest);
  };
  source.addEventListener('bye', ({ data }) => {
    isOver = true;
    source.close();
    showLists(JSON.parse(data));
    link('lost', 'The process has ended; this is the last it said.');
  });
  source.onerror = () => {
    if (isOver) return;
    link('lost', 'Connection lost; trying again…');
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => begin().catch(() => listen()), 2_000); // refused, or the process is gone: ask whether we may
  };
}

function show(snapshot) {
  const { database, run } = snapshot;
  byId('away').hidden = database.up;
  byId('away').textContent = database.up
    ? ''
    : `The database has not answered since ${time(database.since)} (${database.code}). What you see is what it said before; this page goes on asking.`;
  showRun(snapshot, session, openAlerts());
  const key = `${run?.runId} ${run?.state} ${database.up}`;
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
  if (latest !== undefined) showRun(latest, session, openAlerts());
}

const SHOW = {
  runs: rows => showRuns(rows, session),
  failures: rows => showFailures(rows, session, retry),
  schedules: rows => showSchedules(rows, session.canRunNow && session.canAct ? runNow : undefined),
  alerts: showAlerts,
  processors: rows => showProcessors(rows, latest.leases),
};

function showList(name, rows) {
  const text = JSON.stringify([rows, name === 'processors' ? latest.leases : undefined]);
  if (shown[name] === text) return;
  shown[name] = text;
  if (Array.isArray(rows)) SHOW[name](rows);
  else byId(`${name}-list`).textContent = `Not to be had: ${rows.error}`;
}

async function retry(code) {
  try {
    const { users } = await ask('api/retry', { code });
    await askForLists();
    return `${group(users)} users who failed with ${code} are new again. The next round or run takes them.`;
  } catch (error) {
    return `Not done: ${error.message}`;
  }
}

async function runNow(schedule) {
  try {
    const { decision, runId } = await ask('api/run-now', { schedule });
    await askForLists();
    if (decision === 'held')
      return `Run ${runId} is paused: the fire of ${schedule} is held. Resume or cancel that run first.`;
    return decision === 'overlapped'
      ? `Run ${runId} is active: the fire of ${schedule} is recorded as overlapped.`
      : `Run ${runId} is open; whoever serves works on it.`;
  } catch (error) {
    return `Not done: ${error.message}`;
  }
}

byId('sign-in').addEventListener('submit', async event => {
  event.preventDefault();
  try {
    await ask('api/sign-in', { token: byId('token').value });
    byId('sign-in-error').textContent = '';
    byId('token').value = '';
    await begin();
  } catch (error) {
    byId('sign-in-error').textContent =
      error.message === 'TOKEN_REFUSED' ? 'That token is not known here.' : `Not signed in: ${error.message}`;
  }
});

byId('user-form').addEventListener('submit', async event => {
  event.preventDefault();
  try {
    showUser(await ask(`api/user?id=${encodeURIComponent(byId('user-id').value)}`));
  } catch (error) {
    showUser(error.message === 'NO_SUCH_USER' ? 'There is no such user.' : `Not found: ${error.message}`);
  }
});

// A list that changed within its interval, and a tab that slept, are caught up here.
setInterval(() => {
  if (latest !== undefined && session.canRead) show(latest);
}, LIST_EVERY);

begin().catch(error => link('lost', `The dashboard does not answer: ${error.message}`));
