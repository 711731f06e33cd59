import { chmodSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { deserialize, serialize } from 'node:v8';
import { CardGeniusError, DatabaseError, type ErrorClass, messageOf } from '../../model/errors.ts';
import type { StagedSpending } from '../../model/table-rows.ts';
import { readManifest } from '../../package.ts';
import type { Driver, Parameter } from '../driver.ts';

/**
 * What another process may have called: what looks, page by page, what an operator says to a run, and an import, span by span. Not what
 * computes or publishes cards, and not `verify_database`, which would hold up the one connection of a run for minutes.
 */
const ADMITTED = new Set(
  (
    'begin_import change_run_state commonest_failure count_users end_import export_recommendations find_chunk_user has_failed list_acts list_alerts list_attempts list_chunks ' +
    'list_failures list_fires list_processors list_runs list_spending read_catalog read_recommendations read_run read_spending record_act record_fire ' +
    'publish_import redo_users reject_duplicates report_cards report_users retry_users'
  ).split(' '),
);

/** Not imported: an ES module that imports it loads fetch and WebSocket as well, which takes every command 80 ms of CPU. */
const { createServer, request } = process.getBuiltinModule('node:http');

/** How long a socket's path may be: the system cuts or refuses longer ones, and there is no door then. */
const LONGEST_PATH = 100;

interface Call {
  readonly version: string;
  readonly procedure: string;
  readonly parameters: readonly Parameter[];
  /** In place of a procedure: rows of an import, to be staged. */
  readonly staged?: { readonly loadNo: number; readonly rows: readonly StagedSpending[] };
}

type Answer =
  | { readonly rows: unknown[] }
  | { readonly error: { readonly code: string; readonly message: string; readonly errorClass: ErrorClass } };

/** False where another process has no way to ask: no socket can be made there. */
export const hasDoor = (folder: string): boolean =>
  process.platform !== 'win32' && Buffer.byteLength(doorOf(folder)) <= LONGEST_PATH;

const doorOf = (folder: string): string => join(folder, 'cardgenius.sock');

/** A door that a process left that was killed. Only the process that holds the folder's lock may say so. */
export const removeOldDoor = (folder: string): void => rmSync(doorOf(folder), { force: true });

/**
 * Answers other processes of this user while this one holds the folder: a Unix socket in the folder, 0600, which no other user reaches, because the
 * folder is 0700. Its holder could read and change all of the database anyway, so it asks for no token.
 */
export function openDoor(folder: string, driver: Driver): { close(): void } {
  const path = doorOf(folder);
  if (!hasDoor(folder)) return { close: () => {} };
  const { version } = readManifest();
  const server = createServer(async (asked, reply) => {
    const answer = await answerTo(deserialize(await buffer(asked)) as Call).catch((error: unknown): Answer => {
      const code = error instanceof CardGeniusError ? error.code : 'DATABASE_DIED';
      const errorClass = error instanceof DatabaseError ? error.errorClass : 'permanent';
      return { error: { code, message: messageOf(error), errorClass } };
    });
    reply.end(serialize(answer));
  });
  const answerTo = async ({ version: theirs, procedure, parameters, staged }: Call): Promise<Answer> => {
    if (theirs !== version || (staged === undefined && !ADMITTED.has(procedure))) {
      const why =
        theirs === version
          ? `does not call ${procedure} for others`
          : `is version ${version}, not ${theirs}: call that version, or stop the process`;
      throw new CardGeniusError('DATABASE_IN_USE', `Process ${process.pid} has ${folder} open, and ${why}.`);
    }
    if (staged === undefined) return { rows: await driver.call(procedure, parameters, 'control') };
    await driver.stageSpending(staged.loadNo, staged.rows);
    return { rows: [] };
  };
  server.on('error', () => {}); // without a door, others are told who has the folder
  server.listen(path, () => chmodSync(path, 0o600)).unref();
  server.on('connection', socket => socket.unref());
  return {
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A driver whose procedures the process calls that has the folder open; undefined where none answers. Throws DATABASE_IN_USE where it is another version. */
export async function knock(folder: string, description: string): Promise<Driver | undefined> {
  const path = doorOf(folder);
  const { version } = readManifest();
  const ask = async <Row>(asked: Omit<Call, 'version'>): Promise<Row[]> => {
    const answer = await send(path, { version, ...asked });
    if ('rows' in answer) return answer.rows as Row[];
    const { code, message, errorClass } = answer.error;
    throw code === 'DATABASE_IN_USE'
      ? new CardGeniusError(code, message)
      : new DatabaseError(code, message, errorClass);
  };
  const call = <Row>(procedure: string, parameters: readonly Parameter[]) => ask<Row>({ procedure, parameters });
  try {
    await call('list_runs', [['runs', 'int', 1]]);
  } catch (error) {
    if (error instanceof CardGeniusError && error.code === 'DATABASE_IN_USE') throw error;
    return undefined; // no process, or one that is just opening it: the lock's message says who has it
  }
  const never = async (): Promise<never> => {
    throw new CardGeniusError(
      'DATABASE_IN_USE',
      `Another process has ${description} open; only one process can compute in it at a time.`,
    );
  };
  return {
    ...{ dialect: 'postgres', description, wire: undefined, call },
    ...{ readChunk: never, stage: never, endLoad: async () => {}, ask: never },
    stageSpending: async (loadNo, rows) =>
      void (await ask({ procedure: '', parameters: [], staged: { loadNo, rows } })),
    usage: () => [],
    close: async () => {},
  };
}

async function send(path: string, call: Call): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const gone = (cause: Error) =>
    reject(
      new DatabaseError(
        'DATABASE_CLOSED',
        'The process that had the database open has ended meanwhile: type the command again.',
        'permanent',
        { cause },
      ),
    );
  request({ socketPath: path, method: 'POST', agent: false }, resolve).on('error', gone).end(serialize(call));
  return deserialize(await buffer(await promise)) as Answer;
}
