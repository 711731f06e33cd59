import { setTimeout } from 'node:timers/promises';
import type { OpenedDatabase } from '../database/open-database.ts';
import { openEngine } from '../engine/open-engine.ts';
import type { ParityCheck } from '../serve/parity-checks.ts';
import { ApiClient } from '../tools/api/client.ts';
import { checkLive } from '../tools/parity/live-check.ts';
import { usersOfDatabase } from '../tools/parity/sources.ts';
import { apiHeaders } from './api-options.ts';
import type { Cli } from './cli.ts';
import { ourCatalog } from './parity-command.ts';

const SAMPLE = 100;
const CALLS_PER_SECOND = 2;

/** What serve does for a slot of kind `parity`: the engine and the catalogue are loaded anew, and no answer is kept. */
export function parityCheck(cli: Cli, { database }: Pick<OpenedDatabase, 'database'>): ParityCheck {
  return async ({ url, sample = SAMPLE }, signal) => {
    const client = new ApiClient({
      url: url!.reveal(),
      // What is said here stands in the history and on the page: the setting is a secret as a whole.
      shown: `${new URL(url!.reveal()).origin}/***`,
      headers: await apiHeaders(undefined),
      callsPerSecond: CALLS_PER_SECOND,
      signal,
      wait: milliseconds => setTimeout(milliseconds, undefined, { signal }),
    });
    await using engine = await openEngine(cli.settings);
    const catalog = await ourCatalog(cli);
    return await checkLive({ client, users: () => usersOfDatabase(database, sample), engine, catalog, signal });
  };
}
