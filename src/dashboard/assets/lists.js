import { byId, duration, element, fill, group, percent, rupees, table, time } from './dom.js';

export function showRuns(runs, { errorRateLimit }) {
  const done = run => run.completed + run.failed + run.changed + run.gone;
  const rate = run => (done(run) === 0 ? 0 : run.failed / done(run));
  const took = run => (new Date(run.finishedAt ?? Date.now()) - new Date(run.startedAt)) / 1000;
  const list =
    runs.length === 0
      ? element('p', { class: 'quiet' }, 'No run yet.')
      : table('Run history', [
          ['Run', run => group(run.runId), { number: true }],
          ['Kind', run => (run.kind === 'dry_run' ? 'dry run' : 'real')],
          ['State', run => run.state, { bad: run => run.state === 'failed' }],
          ['Started', run => time(run.startedAt), { nowrap: true }],
          ['Took', run => duration(took(run)), { number: true }],
          ['Users', run => group(done(run)), { number: true }],
          ['Failed', run => group(run.failed), { number: true }],
          ['Error rate', run => `${percent(rate(run))} of ${percent(errorRateLimit)}`, { number: true, bad: run => rate(run) > errorRateLimit }],
          ['Users/s', run => group(done(run) / Math.max(0.001, took(run))), { number: true }],
        ], runs); // biome-ignore format: a table
  fill(byId('runs-list'), 'Run history', list);
}

export function showFailures(groups, { canAct }, retry) {
  const list =
    groups.length === 0
      ? element('p', { class: 'quiet' }, 'Nobody has failed.')
      : table('Failures by reason', [
          ['Reason', ({ code }) => element('code', {}, code)],
          ['Users', ({ users }) => group(users), { number: true }],
          ['For example', ({ samples }) => samples.join(', ')],
          ['It says', ({ error }) => error],
          ...(canAct ? [['Again', group => retryButton(group, retry)]] : []),
        ], groups); // biome-ignore format: a table
  fill(byId('failures-list'), 'Failures by reason', list);
}

function retryButton({ code }, retry) {
  const button = element('button', { type: 'button', 'aria-label': `Retry users failed with ${code}` }, 'Retry');
  button.addEventListener('click', async () => {
    button.disabled = true;
    byId('failures-note').textContent = await retry(code);
  });
  return button;
}

const SPENDS = ['Amazon', 'Flipkart', 'Myntra', 'Ajio', 'Grocery', 'All confirmed'];

export function showUser(answer) {
  if (typeof answer === 'string') {
    byId('user').replaceChildren(element('p', { class: 'error' }, answer));
    return;
  }
  const { userId, status, error, spending, cards, note } = answer;
  const spends = spending.map((amount, i) =>
    element('div', {}, element('dt', {}, SPENDS[i]), element('dd', {}, amount === null ? 'not known' : rupees(amount))),
  );
  byId('user').replaceChildren(
    element('h3', {}, `${userId} is ${status}${error === null ? '' : `: ${error}`}`),
    element('p', { class: 'quiet' }, 'Spends a month'),
    element('dl', { class: 'figures' }, ...spends),
    element('h3', {}, cards.length === 0 ? 'No cards yet' : 'Cards, by what they are worth a year'),
    ...(note === undefined ? [] : [element('p', { class: 'quiet' }, note)]),
    ...cards.map(cardDetails),
  );
}

function cardDetails({ rank, name, net, steps }) {
  const lines = steps.flatMap(([what, how]) => [element('dt', {}, what), element('dd', {}, how)]);
  return element(
    'details',
    { open: rank === 1 },
    element('summary', {}, `${rank}. ${name}`, element('span', { class: 'net' }, rupees(net))),
    element('dl', { class: 'steps' }, ...lines),
  );
}
