import type { Logger } from 'pino';
import type { Settings } from '../config/settings.ts';
import type { OpenedDatabase } from '../database/open.ts';
import type { Watcher } from '../service/service.ts';

/** Watches over the fleet; knows its database from `use` on. */
export interface Watch extends Watcher, AsyncDisposable {
  use(opened: OpenedDatabase): void;
}

export function startWatch(_settings: Settings, _log: Logger, _processor: string): Watch {
  return {
    use: () => {},
    watch: async () => {},
    databaseIs: () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}
