import { Worker } from 'node:worker_threads';
import { DatabaseError } from '../../model/errors.ts';
import { beside } from '../../package.ts';
import type { PoolUsage } from '../driver.ts';
import type { PgliteAnswer, PgliteRequest } from './pglite-thread.ts';
import type { PostgresClient, Statement } from './postgres-driver.ts';
import { toDatabaseError } from './postgres-errors.ts';

const ANSWER_TIMEOUT_MS = 600_000;

/** PGlite in a thread of its own: questions go in, answers come back in order. */
export class Pglite implements PostgresClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (answer: PgliteAnswer) => void; reject: (error: Error) => void }>();
  #lastId = 0;
  #ended: Error | undefined;

  /** `dataDir` as PGlite takes it: a folder, or `memory://`. `light`: 16 MB of buffers, which every opening fills with zeros, and not 256. */
  constructor(dataDir: string, { light = false }: { readonly light?: boolean } = {}) {
    this.#worker = new Worker(new URL(beside(import.meta.url, './pglite-thread.ts')), {
      workerData: { dataDir, light },
    });
    this.#worker.on('message', (answer: PgliteAnswer) => this.#settle(answer));
    this.#worker.on('error', error => this.#end(new DatabaseError('DATABASE_DIED', error.message, 'permanent')));
    this.#worker.on('exit', () =>
      this.#end(new DatabaseError('DATABASE_CLOSED', 'The database is closed.', 'permanent')),
    );
  }

  /** One statement in a transaction of its own. */
  async query<Row>(sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    const { rows } = await this.#ask({ kind: 'query', statements: [{ sql, params }] });
    return rows as Row[];
  }

  /** The bytes are handed over, not copied: they are empty afterwards. */
  async copyIn(into: string, bytes: Uint8Array): Promise<void> {
    const sql = `COPY ${into} FROM '/dev/blob' (FORMAT binary)`;
    await this.#ask({ kind: 'query', statements: [{ sql }], blob: bytes }, [bytes.buffer as ArrayBuffer]);
  }

  async copyOut(from: string): Promise<Uint8Array> {
    const sql = `COPY ${from} TO '/dev/blob' (FORMAT binary)`;
    const { blob } = await this.#ask({ kind: 'query', statements: [{ sql }], wantsBlob: true });
    return blob!;
  }

  /** Several statements in one transaction; one without parameters may be a whole script. */
  async transaction(statements: readonly Statement[]): Promise<void> {
    await this.#ask({ kind: 'exec', statements });
  }

  /** PGlite has one connection; what is asked meanwhile waits. */
  usage(): readonly PoolUsage[] {
    const inUse = Math.min(1, this.#waiting.size);
    const idle = this.#ended === undefined ? 1 - inUse : 0;
    return [{ pool: 'embedded', inUse, idle, waiting: this.#waiting.size - inUse, limit: 1 }];
  }

  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    await this.#ask({ kind: 'close', statements: [] }).catch((error: unknown) => {
      // The thread ends as soon as it has closed: its end may be heard of before its answer.
      if (!(error instanceof DatabaseError && error.code === 'DATABASE_CLOSED')) throw error;
    });
    await this.#worker.terminate();
  }

  async #ask(request: Omit<PgliteRequest, 'id'>, transfer: ArrayBuffer[] = []): Promise<PgliteAnswer> {
    if (this.#ended !== undefined) throw this.#ended;
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<PgliteAnswer>();
    this.#waiting.set(id, { resolve, reject });
    this.#worker.postMessage({ id, ...request }, transfer);
    const watch = setTimeout(() => this.#giveUp(), ANSWER_TIMEOUT_MS);
    try {
      return await promise;
    } finally {
      clearTimeout(watch);
    }
  }

  /** A thread that does not answer any more holds everything up, its own end as well. */
  #giveUp(): void {
    const message = 'The embedded database has not answered for ten minutes. Is its disk full, or its folder broken?';
    this.#end(new DatabaseError('DATABASE_STUCK', message, 'permanent'));
    void this.#worker.terminate();
  }

  #settle(answer: PgliteAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.error === undefined) waiting?.resolve(answer);
    else waiting?.reject(toDatabaseError(answer.error));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
