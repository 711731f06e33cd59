import { decided, duration, failedShare, group, hourOf, leftText, rateText, soon } from './format.js';

/** Seconds without a sign of work until that is said: where no processor holds a chunk, and where one does. */
const ALONE = 30;
const SILENT = 300;

/**
 * Is it fine? `level` is the colour and icon: idle, work, good, held, warn or bad; `title` one sentence; `why` what it stands on, or what to do.
 * `now` is the server's clock, milliseconds. Pure.
 */
export function verdictOf({ run, figures, database }, { limit, openAlerts = 0, now }) {
  if (database !== undefined && !database.up) {
    return {
      level: 'bad',
      word: 'database away',
      title: `The database has not answered since ${soon(database.since, now)}.`,
      why: `${database.code}. This page shows its last answer, and keeps asking.`,
    };
  }
  if (run === null)
    return { level: 'idle', word: 'no run', title: 'No run yet.', why: 'Start one with: cardgenius run' };
  const told = ofState(run, figures, { limit, openAlerts, now });
  if (run.kind !== 'dry_run') return told;
  return {
    ...told,
    title: `A dry run: ${told.title[0].toLowerCase()}${told.title.slice(1)}`,
    why: `Nothing of it is published. ${told.why}`,
  };
}

function ofState(run, figures, context) {
  const { limit } = context;
  const rate = failedShare(run);
  const tooMany = rate > limit ? rateText(rate, limit) : undefined;
  const reason = run.reason ?? 'no reason was given';
  switch (run.state) {
    case 'running':
      return ofRunning(run, figures, tooMany, context);
    case 'paused':
      return isGate(run)
        ? {
            level: 'held',
            word: 'held at a gate',
            title: 'Held at a gate: nothing more is published.',
            why: `${sentence(reason)} ${atGate(reason)}`,
          }
        : { level: 'held', word: 'paused', title: 'Paused: no processor claims more of it.', why: sentence(reason) };
    case 'stopped':
      return {
        level: 'warn',
        word: 'stopped',
        title: 'Stopped: the last processor has left it.',
        why: `${run.reason === null ? '' : `${sentence(run.reason)} `}It goes on where it was: cardgenius run`,
      };
    case 'done':
      return ofDone(run, tooMany, limit);
    case 'cancelled':
      return {
        level: 'idle',
        word: 'cancelled',
        title: 'Cancelled: its pending users are new again.',
        why: `${sentence(reason)} ${NEXT_RUN}`,
      };
    default:
      return {
        level: 'bad',
        word: run.state,
        title: `The run has ${run.state}.`,
        why: `${sentence(reason)} ${NEXT_RUN}`,
      };
  }
}

const NEXT_RUN = 'The next run takes these users: at the next slot of a schedule, or with: cardgenius run';

/** What to look at before one of the two buttons is pressed. */
const atGate = reason =>
  reason.startsWith('GATE_FAILED_SHARE')
    ? 'cardgenius errors names one of these users, and how to see why. Its cause removed: cardgenius resume'
    : 'Publish all the same only where that was to be expected.';

function ofRunning(run, figures, tooMany, { openAlerts, now }) {
  const { atWork, silentSeconds, left } = figures;
  const word = 'running';
  if (atWork === 0 && silentSeconds > ALONE) {
    const why =
      `Nothing has happened for ${duration(silentSeconds)}. Start a processor with: cardgenius run. Where one is alive, its engine or catalogue ` +
      'is another than the run’s: cancel the run.';
    return { level: 'bad', word: 'stalled', title: 'No processor works on it.', why };
  }
  if (silentSeconds > SILENT) {
    const title = `Running, but no chunk was begun or closed for ${duration(silentSeconds)}.`;
    return { level: 'warn', word: 'stalled', title, why: 'Look at the processors below, and at their logs.' };
  }
  const soon = left === null ? 'How long it takes is not known yet.' : `About ${leftText(left)} are left.`;
  if (tooMany !== undefined)
    return {
      level: 'bad',
      word: 'too many fail',
      title: `Too many users fail: ${tooMany}.`,
      why: `${soon} The reasons are below.`,
    };
  if (isLate(run, figures, now)) {
    const why = `${soon} The deadline is ${hourOf(run.deadlineAt)}.`;
    return { level: 'warn', word: 'late', title: 'Running, and late.', why };
  }
  if (openAlerts > 0) {
    const title = `Running; ${openAlerts === 1 ? 'an alert is' : `${openAlerts} alerts are`} open.`;
    return { level: 'warn', word, title, why: soon };
  }
  return { level: 'work', word, title: 'Running well.', why: soon };
}

function ofDone(run, tooMany, limit) {
  const what = run.kind === 'dry_run' ? 'would have' : 'have';
  if (decided(run) === 0) return { level: 'good', word: 'done', title: 'Done: no user was due.', why: '' };
  const title = `Done: ${group(run.completed)} users ${what} their ten cards.`;
  if (run.violations > 0)
    return {
      level: 'bad',
      word: 'done, rows wrong',
      title: `Done, but ${group(run.violations)} users have rows that cannot be right.`,
      why: 'To list them: cardgenius verify --csv FILE',
    };
  if (tooMany !== undefined)
    return {
      level: 'bad',
      word: 'done, too many failed',
      title: `Done, but too many users failed: ${tooMany}.`,
      why: `${group(run.completed)} users ${what} their ten cards.`,
    };
  const failed = run.failed === 0 ? '' : `${group(run.failed)} failed, ${rateText(failedShare(run), limit)}.`;
  return { level: 'good', word: 'done', title, why: failed };
}

/** A reason that begins with a code such as GATE_FAILED_SHARE was given by a gate. */
export const isGate = ({ state, reason }) => state === 'paused' && reason?.startsWith('GATE_') === true;

export function isLate(run, figures, now) {
  if (run.deadlineAt === null || figures.left === null) return false;
  return now + figures.left.high * 1000 > new Date(run.deadlineAt).getTime();
}

const sentence = text => (/[.!?]$/.test(text) ? text : `${text}.`);
