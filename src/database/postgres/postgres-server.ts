import { once } from 'node:events';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { DatabaseError } from '../../model/errors.ts';
import type { Lane, PoolUsage, Wire } from '../driver.ts';
import { migrationLocked } from '../migrate/target.ts';
import type { PoolSettings } from '../pool-settings.ts';
import type { PostgresClient, Statement } from './postgres-driver.ts';
import { toConnectionError, toServerError } from './postgres-errors.ts';
import type { ServerAddress } from './server-address.ts';

const CONNECT_TIMEOUT_SECONDS = 15;
/** As `SET lock_timeout = '30s'` on SQL Server: longer than any lock of ours is held. */
const LOCK_TIMEOUT_MS = 30_000;
/** A session of ours that died in a transaction holds its locks no longer than this. */
const IDLE_IN_TRANSACTION_MS = 60_000;
const INT8 = 20;

/** How much longer than the server's own statement_timeout an answer is waited for: the wire may be dead, and say nothing. */
const SILENCE_MS = 2_000;
/** How long a connection may take to say goodbye before its socket is destroyed. */
const GOODBYE_MS = 2_000;

/** A wire that breaks is told more than once: the first error reaches the caller, and the next would end the process. */
const IGNORED = (): void => {};

/** BIGINT as a number: run and load numbers and counts stay far below 2^53. All else as the driver has it. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format as 'text')) as pg.CustomTypesConfig['getTypeParser'],
};

/** A PostgreSQL server over two pools of connections: one for what must be quick, one for what may take minutes. */
export class Server implements PostgresClient {
  readonly #address: ServerAddress;
  readonly #pools: Readonly<Record<Lane, pg.Pool>>;
  readonly #silenceMs: Readonly<Record<Lane, number>>;
  readonly #connections = new Set<pg.Client>();
  readonly #migrator: pg.Client;
  #isMigratorOpen = false;

  constructor(address: ServerAddress, settings: PoolSettings, appName: string) {
    this.#address = address;
    const config = (timeoutSeconds: number): pg.ClientConfig => ({
      ...address.config,
      application_name: appName.slice(0, 63),
      connectionTimeoutMillis: (settings.connectTimeoutSeconds ?? CONNECT_TIMEOUT_SECONDS) * 1000,
      statement_timeout: timeoutSeconds * 1000,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      keepAlive: true,
      types,
    });
    const pool = (max: number, timeoutSeconds: number) => {
      const made = new pg.Pool({
        ...config(timeoutSeconds),
        max,
        min: Math.min(max, settings.minConnections ?? 0),
        idleTimeoutMillis: 60_000,
      });
      // An error of a request reaches its caller; an idle connection that dies is replaced by the pool.
      made.on('error', () => {});
      made.on('connect', client => this.#connections.add(client));
      made.on('remove', client => this.#connections.delete(client));
      return made;
    };
    this.#silenceMs = {
      control: settings.controlTimeoutSeconds * 1000 + SILENCE_MS,
      work: settings.workTimeoutSeconds * 1000 + SILENCE_MS,
    };
    this.#pools = {
      control: pool(settings.controlConnections, settings.controlTimeoutSeconds),
      work: pool(settings.workConnections, settings.workTimeoutSeconds),
    };
    this.#migrator = new pg.Client({ ...config(settings.workTimeoutSeconds), statement_timeout: 0 });
    this.#migrator.on('error', () => {});
  }

  get wire(): Wire {
    return this.#address.wire;
  }

  /** Makes the first connection. Throws a DatabaseError that says why it could not be made. */
  async connect(): Promise<void> {
    try {
      (await this.#pools.control.connect()).release();
    } catch (error) {
      throw toConnectionError(error, this.#address);
    }
  }

  async query<Row>(sql: string, params: readonly unknown[] = [], lane: Lane = 'work'): Promise<Row[]> {
    return this.#withClient(lane, async (client, answered) => {
      // A bare statement goes by the extended protocol only with parameters; either way it is a transaction of its own.
      const { rows } = await answered(client.query(sql, [...params]));
      return rows as Row[];
    });
  }

  async copyIn(into: string, bytes: Uint8Array): Promise<void> {
    await this.#withClient('work', async (client, answered) => {
      const stream = client.query(copyFrom(`COPY ${into} FROM STDIN (FORMAT binary)`));
      stream.on('error', IGNORED);
      const finished = once(stream, 'finish');
      stream.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      await answered(finished);
    });
  }

  async copyOut(from: string): Promise<Uint8Array> {
    return this.#withClient('work', async (client, answered) => {
      const stream = client.query(copyTo(`COPY ${from} TO STDOUT (FORMAT binary)`));
      stream.on('error', IGNORED);
      return Buffer.concat(await answered(stream.toArray()));
    });
  }

  async transaction(statements: readonly Statement[]): Promise<void> {
    await this.#withClient('work', async (client, answered) => {
      await answered(client.query('BEGIN'));
      for (const { sql, params } of statements) {
        await answered(client.query(sql, params === undefined ? undefined : [...params]));
      }
      await answered(client.query('COMMIT'));
    });
  }

  /** The advisory lock of migrators: held by a session of its own, and gone with it. Throws MIGRATION_LOCKED. */
  async lockMigrations(): Promise<AsyncDisposable> {
    try {
      if (!this.#isMigratorOpen) await this.#migrator.connect();
      this.#isMigratorOpen = true;
      await this.#migrator.query("SELECT pg_advisory_lock(hashtext('cardgenius.migrate'))");
    } catch (error) {
      const ours = toServerError(error, this.#address);
      if (!(ours instanceof DatabaseError) || ours.code !== 'POSTGRES_55P03') throw ours;
      throw migrationLocked();
    }
    return {
      [Symbol.asyncDispose]: async () => {
        const unlock = "SELECT pg_advisory_unlock(hashtext('cardgenius.migrate'))";
        await this.#migrator.query(unlock).catch(() => {}); // the session's end lets it go as well
      },
    };
  }

  usage(): readonly PoolUsage[] {
    return Object.entries(this.#pools).map(([pool, { totalCount, idleCount, waitingCount, options }]) => ({
      pool,
      inUse: totalCount - idleCount,
      idle: idleCount,
      waiting: waitingCount,
      limit: options.max,
    }));
  }

  async close(): Promise<void> {
    const ends = Object.values(this.#pools).map(pool => pool.end());
    if (this.#isMigratorOpen) ends.push(this.#migrator.end());
    const dead = setTimeout(() => {
      for (const client of this.#connections) client.connection.stream.destroy();
      this.#migrator.connection.stream.destroy();
    }, GOODBYE_MS);
    await Promise.allSettled(ends);
    clearTimeout(dead);
  }

  /**
   * Lends a connection; one on which anything failed is closed, because half a load may still be on its way. `answered` waits for one answer
   * of the server, and destroys the socket where none comes: a dead wire fails the request, and never holds it for ever.
   */
  async #withClient<T>(
    lane: Lane,
    work: (client: pg.PoolClient, answered: <A>(answer: Promise<A>) => Promise<A>) => Promise<T>,
  ): Promise<T> {
    let client: pg.PoolClient;
    try {
      client = await this.#pools[lane].connect();
    } catch (error) {
      throw toServerError(error, this.#address);
    }
    client.on('error', IGNORED);
    const answered = async <A>(answer: Promise<A>): Promise<A> => {
      const silence = setTimeout(() => {
        client.connection.stream.destroy(new Error(`no answer for ${this.#silenceMs[lane] / 1000} s`));
      }, this.#silenceMs[lane]);
      try {
        return await answer;
      } finally {
        clearTimeout(silence);
      }
    };
    try {
      const answer = await work(client, answered);
      client.off('error', IGNORED);
      client.release();
      return answer;
    } catch (error) {
      client.release(true);
      throw toServerError(error, this.#address);
    }
  }
}
