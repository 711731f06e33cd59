import { byId, say } from './dom.js';

/**
 * Asks once whether something is to be done, and does it. `what` is { title, text, yes, reason, act }: `act` gets the reason and answers what was done,
 * as a sentence. An error leaves the question open, with what went wrong, and its button can be pressed again. Answers what was done, or undefined.
 */
export function askFirst({ title, text, yes, reason = false, act }) {
  const dialog = byId('ask');
  say('ask-title', title);
  say('ask-text', text);
  say('ask-error', '');
  byId('ask-yes').textContent = yes;
  byId('ask-why').hidden = !reason;
  byId('ask-reason').value = '';
  return new Promise(resolve => {
    let done;
    const stop = new AbortController();
    const { signal } = stop;
    byId('ask-no').addEventListener('click', () => dialog.close(), { signal });
    byId('ask-form').addEventListener(
      'submit',
      async event => {
        event.preventDefault();
        if (byId('ask-yes').getAttribute('aria-busy') === 'true') return;
        byId('ask-yes').setAttribute('aria-busy', 'true'); // not disabled: that would lose the focus
        say('ask-error', '');
        try {
          done = await act(byId('ask-reason').value);
          dialog.close();
        } catch (error) {
          say('ask-error', `Not done: ${wordsOf(error.message)}`);
        } finally {
          byId('ask-yes').removeAttribute('aria-busy');
        }
      },
      { signal },
    );
    dialog.addEventListener(
      'close',
      () => {
        stop.abort();
        resolve(done);
      },
      { signal },
    );
    dialog.showModal();
    (reason ? byId('ask-reason') : byId('ask-no')).focus();
  });
}

const WORDS = {
  MAY_NOT_ACT: 'this session may only look. Sign in with the token for acting.',
  NO_ACTIVE_RUN: 'no run is active any more.',
  RUN_IS_OVER: 'this run is over, or another one is active.',
  TOO_MANY_REQUESTS: 'too many requests. Wait a minute.',
  TOKEN_NEEDED: 'the session has ended. Sign in again.',
  USER_ID: 'an id has 1 to 50 printable ASCII characters.',
};
/** An error as a sentence: a code of the server's, or what the browser says where no answer came. */
export const wordsOf = message =>
  WORDS[message] ?? (/^[A-Z][A-Z0-9_]+$/.test(message) ? `${message}.` : 'the dashboard does not answer. Try again.');

/** What can be done to a run as it is: [act, label, is it the first choice, the question]. */
export function actsFor(run, isGate) {
  const name = `run ${run.runId}`;
  const cancel = {
    act: 'cancel',
    label: isGate ? 'Cancel the run' : 'Cancel',
    yes: 'Cancel the run',
    reason: true,
    title: `Cancel ${name}?`,
    text: 'Its chunks are closed, and its pending users are new again. What is published stays; the next run takes the others.',
    done: 'is cancelled.',
  };
  if (isGate) {
    const pass = {
      act: 'accept-gate',
      label: 'Publish all the same',
      yes: 'Publish',
      title: `Let ${name} pass its gates?`,
      text: 'From here on it publishes, whatever the gates see.',
      done: 'passes its gates and goes on.',
      isFirst: true,
    };
    return [pass, cancel];
  }
  if (run.state === 'paused' || run.state === 'stopped') {
    const resume = {
      act: 'resume',
      label: 'Resume',
      yes: 'Resume',
      title: `Resume ${name}?`,
      text: 'Processors claim from it again.',
      done: 'goes on.',
      isFirst: true,
    };
    return [resume, cancel];
  }
  if (run.state !== 'running') return [];
  const pause = {
    act: 'pause',
    label: 'Pause',
    yes: 'Pause',
    reason: true,
    title: `Pause ${name}?`,
    text: 'What is in flight is finished; no processor claims more until it is resumed.',
    done: 'is paused.',
  };
  return [pause, cancel];
}
