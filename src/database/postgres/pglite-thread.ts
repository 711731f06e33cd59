/**
 * The worker thread that PGlite lives in, so that the event loop of the program stays free while PostgreSQL works.
 * It answers one message at a time; PGlite has one connection, and so there is nothing to gain from more.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { makeFilesPrivate } from './folder-rights.ts';
import type { Statement } from './postgres-driver.ts';

/** Statements of one transaction; a blob is what COPY reads as /dev/blob, or asks for with `wantsBlob`. */
export interface PgliteRequest {
  readonly id: number;
  readonly kind: 'query' | 'exec' | 'close';
  readonly statements: readonly Statement[];
  readonly blob?: Uint8Array;
  readonly wantsBlob?: boolean;
}

export interface PgliteAnswer {
  readonly id: number;
  readonly rows?: unknown[];
  readonly blob?: Uint8Array | undefined;
  /** The fields of a PostgreSQL error that a message needs; errors themselves lose them on the way. */
  readonly error?: PgliteErrorFields;
}

export interface PgliteErrorFields {
  readonly message: string;
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
  readonly where?: string | undefined;
  readonly constraint?: string | undefined;
}

makeFilesPrivate();
const port = parentPort!;
const { dataDir, light } = workerData as { dataDir: string; light: boolean };

/** The default of 128 MB is for browsers; a batch wants its hot tables in memory. */
const POSTGRES_SETTINGS = [
  `shared_buffers=${light ? 16 : 256}MB`,
  'work_mem=64MB',
  'max_wal_size=4GB',
  'checkpoint_timeout=1h',
];

let database: PGlite | undefined;

async function answer(request: PgliteRequest): Promise<PgliteAnswer> {
  const { id, kind, statements } = request;
  database ??= await PGlite.create({ dataDir, postgresqlconf: POSTGRES_SETTINGS });

  if (kind === 'close') {
    await database.close();
    return { id };
  }
  if (kind === 'exec') {
    await database.transaction(async transaction => {
      for (const { sql, params } of statements) {
        if (params === undefined) await transaction.exec(sql);
        else await transaction.query(sql, [...params]);
      }
    });
    return { id };
  }
  const [statement] = statements;
  const result = await database.query(statement!.sql, [...(statement!.params ?? [])], {
    ...(request.blob === undefined ? {} : { blob: new Blob([request.blob as Uint8Array<ArrayBuffer>]) }),
  });
  const blob = request.wantsBlob === true ? new Uint8Array(await result.blob!.arrayBuffer()) : undefined;
  return { id, rows: result.rows, blob };
}

function errorFields(error: unknown): PgliteErrorFields {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, detail, where, constraint } = error as Partial<PgliteErrorFields>;
  return { message: error.message, code, detail, where, constraint };
}

let queue: Promise<void> = Promise.resolve();
port.on('message', (request: PgliteRequest) => {
  queue = queue.then(async () => {
    const reply: PgliteAnswer = await answer(request).catch((error: unknown) => ({
      id: request.id,
      error: errorFields(error),
    }));
    port.postMessage(reply, reply.blob === undefined ? [] : [reply.blob.buffer as ArrayBuffer]);
    if (request.kind === 'close') port.close();
  });
});
