import type { Database } from '../../src/database/database.ts';

/** Where a processor stops: at its n-th call of the database, before the call is made, or before its answer arrives. */
export interface StopPoint {
  readonly call: number;
  readonly side: 'before' | 'after';
}

/** The port of a processor that stops, and a way to let it go on: as a machine that was frozen and wakes up. */
export interface Stoppable {
  readonly database: Database;
  /** Resolves with the operation's name once the processor stands still. */
  readonly stopped: Promise<string>;
  /** How many calls it made until it stood still or was done. */
  readonly calls: () => number;
  wake(): void;
}

/** Every operation of the port is an await of the pipeline: counted, and stopped at the one that was asked for. */
export function stoppable(database: Database, point: StopPoint): Stoppable {
  let calls = 0;
  const { promise: stopped, resolve: stop } = Promise.withResolvers<string>();
  const { promise: awake, resolve: wake } = Promise.withResolvers<void>();
  const proxy = new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        const isHere = ++calls === point.call;
        if (isHere && point.side === 'before') {
          stop(String(name));
          await awake;
        }
        try {
          return (await value.apply(target, args)) as unknown;
        } finally {
          // an error is an answer, too
          if (isHere && point.side === 'after') {
            stop(String(name));
            await awake;
          }
        }
      };
    },
  });
  return { database: proxy, stopped, calls: () => calls, wake };
}
