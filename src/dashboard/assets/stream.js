/**
 * One stream of events for all tabs of a browser: the tab that holds the lock listens, and tells the others. A tab that is hidden gives the lock up, so
 * that a browser in the background holds no stream. Where the browser has no locks (plain http from another machine) each tab listens by itself.
 */

/** How long a stream may say nothing; then it has ended without a word: the server says that it is there every five seconds. */
const SILENT_MS = 20_000;
const AGAIN_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

/** `tell` gets { type: 'open' | 'snapshot' | 'beat' | 'bye' | 'lost' | 'silent', data? }, whichever tab heard it. */
export function openStream(url, tell) {
  const name = `cardgenius ${url}`;
  const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(name) : undefined;
  let last;
  let leading = false;
  let wanting;

  const all = message => {
    if (message.type === 'snapshot') last = message;
    tell(message);
    channel?.postMessage(message);
  };
  channel?.addEventListener('message', ({ data }) => {
    if (data.type === 'hello') {
      if (leading && last !== undefined) channel.postMessage(last);
    } else if (!leading) tell(data);
  });

  const want = () => {
    if (wanting !== undefined) return;
    wanting = new AbortController();
    const { signal } = wanting;
    channel?.postMessage({ type: 'hello' });
    const lead = async () => {
      leading = true;
      await listen(url, all, signal);
      leading = false;
    };
    if (navigator.locks === undefined || channel === undefined) void lead();
    else navigator.locks.request(name, { signal }, lead).catch(() => {}); // given up while it waited
  };
  const leave = () => {
    wanting?.abort();
    wanting = undefined;
  };
  document.addEventListener('visibilitychange', () => (document.hidden ? leave() : want()));
  addEventListener('pagehide', leave);
  addEventListener('pageshow', () => {
    if (!document.hidden) want();
  });
  if (!document.hidden) want();
}

/** Listens until the signal, and begins anew however it ends: also after the process has said goodbye. */
function listen(url, tell, signal) {
  return new Promise(resolve => {
    let source;
    let heardAt = performance.now();
    let failures = 0;
    let timer;
    const again = () => {
      source?.close();
      clearTimeout(timer);
      timer = setTimeout(begin, AGAIN_MS[Math.min(failures++, AGAIN_MS.length - 1)]);
    };
    const heard = type => event => {
      heardAt = performance.now();
      failures = 0;
      tell({ type, data: event.data === undefined ? undefined : JSON.parse(event.data) });
    };
    const begin = () => {
      source?.close();
      heardAt = performance.now();
      source = new EventSource(url);
      source.onopen = heard('open');
      source.onmessage = heard('snapshot');
      source.addEventListener('beat', heard('beat'));
      source.addEventListener('bye', event => {
        tell({ type: 'bye', data: JSON.parse(event.data) });
        again();
      });
      source.onerror = () => {
        tell({ type: 'lost' });
        again();
      };
    };
    const watch = setInterval(() => {
      if (performance.now() - heardAt < SILENT_MS) return;
      tell({ type: 'silent' });
      begin();
    }, 2_000);
    signal.addEventListener('abort', () => {
      source.close();
      clearTimeout(timer);
      clearInterval(watch);
      resolve();
    });
    begin();
  });
}
