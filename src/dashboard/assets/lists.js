import { askFirst } from './acts.js';
import { showHistory } from './charts.js';
import { byId, element, fill, nothing, say, table } from './dom.js';
import { decided, duration, failedShare, group, rateText, time } from './format.js';

/** Rows of the history that are shown. */
const ROWS = 20;

/** `open` shows one run; an ordinary link does, too. */
export function showRuns(runs, { errorRateLimit }, now, open) {
  showHistory(runs, errorRateLimit, now, open);
  const took = run =>
    Math.max(0, (run.finishedAt === null ? now : new Date(run.finishedAt)) - new Date(run.startedAt)) / 1000;
  const list =
    runs.length === 0
      ? nothing('No run yet.')
      : table('Run history', [
          ['Run', run => runLink(run.runId, open)],
          ['Kind', run => (run.kind === 'dry_run' ? 'dry run' : 'real')],
          ['State', run => run.state, { bad: run => run.state === 'failed' }],
          ['Started', run => time(run.startedAt), { nowrap: true }],
          ['Took', run => duration(took(run)), { number: true }],
          ['Users', run => group(decided(run)), { number: true }],
          ['Failed', run => (run.failed === 0 ? 'none' : `${group(run.failed)} · ${rateText(failedShare(run), errorRateLimit)}`), { number: true, bad: run => failedShare(run) > errorRateLimit }],
          ['Users/s', run => (decided(run) === 0 ? '' : group(decided(run) / Math.max(0.001, took(run)))), { number: true }],
        ], runs.slice(0, ROWS)); // biome-ignore format: a table
  fill(byId('runs-list'), list);
}

export function runLink(runId, open) {
  const link = element('a', { href: `runs/${runId}`, 'aria-label': `Run ${runId}` }, `${runId}`);
  link.addEventListener('click', event => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    open(runId);
  });
  return link;
}

const REMEDY = { INVALID_SPENDING: 'Correct their spends first: without that, they fail again.' };

/** `run` is the latest: users who failed before a gate are in no table yet. */
export function showFailures(groups, { canAct }, retry, run) {
  const isHeld = run?.state === 'paused' && run.reason?.startsWith('GATE_FAILED_SHARE') === true;
  const list =
    groups.length === 0
      ? nothing(isHeld ? 'Not written yet: the gate holds them.' : 'No user has failed.')
      : table('Failures by reason', [
          ['Reason', ({ code }) => element('code', {}, code)],
          ['Users', ({ users }) => group(users), { number: true }],
          ['For example', ({ samples }) => samples.join(', ')],
          ...(canAct ? [['Again', failed => retryButton(failed, retry)]] : []),
        ], groups); // biome-ignore format: a table
  fill(byId('failures-list'), list);
}

function retryButton({ code, users }, retry) {
  const button = element(
    'button',
    { type: 'button', class: 'plain', 'aria-label': `Retry users failed with ${code}` },
    'Retry',
  );
  button.addEventListener('click', async () => {
    const said = await askFirst({
      title: `Retry the ${group(users)} users who failed with ${code}?`,
      text: `They are new again, and the next round or run takes them. ${REMEDY[code] ?? ''}`,
      yes: 'Retry',
      act: () => retry(code),
    });
    if (said !== undefined) say('failures-note', said);
  });
  return button;
}
