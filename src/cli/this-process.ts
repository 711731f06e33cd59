import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { domainToASCII } from 'node:url';
import type { EngineIdentity } from '../engine/engine.ts';
import { EXIT } from '../model/errors.ts';
import type { Processor } from '../model/service.ts';

/** This process, under a name of its own for leases, logs and the ledger. The name is cut to what the table of processors takes. */
export function thisProcessor({ version }: Pick<EngineIdentity, 'version'>): Processor {
  const host = asciiHost(hostname());
  const id = `${host}:${process.pid}:${randomBytes(3).toString('hex')}`;
  return { id: id.slice(-100), host, pid: process.pid, version };
}

/** As DNS writes a name outside ASCII: a VARCHAR would make ? of it, and the processor would not know its own lease again. */
export function asciiHost(name: string): string {
  if (/^[\x21-\x7e]*$/.test(name)) return name;
  return domainToASCII(name) || name.replace(/[^\x21-\x7e]/gu, letter => `u${letter.codePointAt(0)!.toString(16)}`);
}

/** How long a graceful stop may take. */
const STOP_DEADLINE_MS = 30_000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first SIGINT, SIGTERM or SIGHUP (a terminal that is closed) stops gracefully; a second one leaves at once. Both can be resumed. */
export function stopOnSignal(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  let deadline: NodeJS.Timeout | undefined;
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(EXIT.stopped);
    process.stderr.write('\nStopping: what is in flight is finished or given back. Once more to leave at once.\n');
    controller.abort(new Error('stopped by a signal'));
    deadline = setTimeout(() => {
      process.stderr.write(
        `Not done within ${STOP_DEADLINE_MS / 1000} s: leaving. What was in flight is taken up when its lease ends.\n`,
      );
      process.exit(EXIT.stopped);
    }, STOP_DEADLINE_MS);
  };
  for (const name of STOP_SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    release: () => {
      clearTimeout(deadline);
      for (const name of STOP_SIGNALS) process.off(name, onSignal);
    },
  };
}
