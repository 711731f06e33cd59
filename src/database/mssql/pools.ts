import sql from 'mssql';
import type { Connection } from 'tedious';
import type { DatabaseError } from '../../model/errors.ts';
import { isLoopback } from '../../model/loopback.ts';
import { camelCase, type Parameter, type PoolUsage, type SqlType, type Wire } from '../driver.ts';
import { LoginGuard } from '../login-guard.ts';
import { type ConnectionSettings, describeConnection } from './connection-settings.ts';
import { driverConfig, type PoolOptions } from './driver-config.ts';
import {
  isLockedLogin,
  makesConnectionStale,
  type ServerMessage,
  toConnectionError,
  toDatabaseError,
} from './mssql-errors.ts';

/** A pool of connections with one time-out for all its requests. */
export class Pool {
  readonly #pool: sql.ConnectionPool;
  readonly #settings: ConnectionSettings;
  readonly #size: number;
  readonly #guard: LoginGuard;
  /** What the server said to the latest login that it refused: the driver's error has the last message only, without its number. */
  #saidAtLogin: readonly ServerMessage[] = [];

  constructor(settings: ConnectionSettings, options: PoolOptions) {
    this.#settings = settings;
    this.#size = options.size;
    this.#guard = options.guard ?? new LoginGuard();
    const listen = (connection: Connection) => {
      const said: ServerMessage[] = [];
      this.#saidAtLogin = said;
      const note = ({ number, message }: ServerMessage) => {
        said.push({ number, message });
      };
      connection.on('errorMessage', note);
      connection.once('connect', () => connection.off('errorMessage', note));
    };
    this.#pool = new sql.ConnectionPool({ ...driverConfig(settings, options), beforeConnect: listen } as sql.config);
    // An error of a request reaches its caller; an idle connection that dies is replaced by the pool.
    this.#pool.on('error', () => {});
  }

  /** Makes the first connection. Throws a DatabaseError that says why it could not be made. */
  async connect(): Promise<void> {
    try {
      await this.#pool.connect();
      this.#guard.accepted();
    } catch (error) {
      throw this.#toConnectionError(error);
    }
  }

  /** Calls a procedure of ours, on a borrowed connection where one is given; all rows of its last answer, in camel case. */
  async call<Row>(procedure: string, parameters: readonly Parameter[], connection?: Connection): Promise<Row[]> {
    try {
      if (connection === undefined) this.#checkLogin();
      const { recordsets } = await this.#request(parameters, connection).execute(`cardgenius.${procedure}`);
      this.#guard.accepted();
      return toRows<Row>((recordsets as sql.IRecordSet<object>[]).at(-1));
    } catch (error) {
      throw this.toError(error, `cardgenius.${procedure}`);
    }
  }

  /** As call, rows as arrays of columns: for many rows. */
  async callForArrays(procedure: string, parameters: readonly Parameter[]): Promise<unknown[][]> {
    const request = this.#request(parameters);
    (request as unknown as { arrayRowMode: boolean }).arrayRowMode = true;
    try {
      this.#checkLogin();
      const { recordsets } = await request.execute(`cardgenius.${procedure}`);
      this.#guard.accepted();
      return ((recordsets as unknown as unknown[][][]).at(-1) ?? []) as unknown[][];
    } catch (error) {
      throw this.toError(error, `cardgenius.${procedure}`);
    }
  }

  /** Runs a batch as it stands: migrations only. */
  async batch<Row>(text: string, what: string): Promise<Row[]> {
    try {
      const { recordset } = await this.#pool.request().batch<Row>(text);
      return recordset ?? [];
    } catch (error) {
      throw this.toError(error, what);
    }
  }

  /** Asks a question of the folder queries, as it stands there. */
  async ask<Row>(text: string, parameters: readonly Parameter[], what: string): Promise<Row[]> {
    try {
      const { recordset } = await this.#request(parameters).query<Row>(text);
      return recordset ?? [];
    } catch (error) {
      throw this.toError(error, what);
    }
  }

  /** Whether what goes over the wire is encrypted, and whether the server has proved its name. */
  get wire(): Wire {
    const { encrypt, trustServerCertificate, server } = this.#settings;
    const encrypted = encrypt !== false;
    return { encrypted, verified: encrypted && !trustServerCertificate, isLocal: isLoopback(server) };
  }

  /** Lends a connection of the driver; one that fails is closed, never put back. */
  async withConnection<T>(what: string, work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.borrow(what);
    try {
      const result = await work(connection);
      this.giveBack(connection);
      return result;
    } catch (error) {
      this.discard(connection); // half a load may still be on its way: no other request gets this one
      throw this.toError(error, what);
    }
  }

  /** A connection of the driver's, to be given back or discarded. */
  async borrow(what: string): Promise<Connection> {
    try {
      this.#checkLogin();
      const connection = await this.#lender.acquire(this.#pool);
      this.#guard.accepted();
      return connection;
    } catch (error) {
      throw this.toError(error, what);
    }
  }

  giveBack(connection: Connection): void {
    this.#lender.release(connection);
  }

  /** Closes a borrowed connection: the pool makes another when one is wanted. */
  discard(connection: Connection): void {
    connection.close();
    this.#lender.release(connection);
  }

  get #lender() {
    return this.#pool as unknown as {
      acquire(requester: unknown): Promise<Connection>;
      release(connection: Connection): unknown;
    };
  }

  /** Zeros where there is no connection yet or any more. */
  usage(pool: string): PoolUsage {
    if (!this.#pool.connected) return { pool, inUse: 0, idle: 0, waiting: 0, limit: this.#size };
    const { borrowed, available, pending } = this.#pool;
    return { pool, inUse: borrowed, idle: available, waiting: pending, limit: this.#size };
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  #request(parameters: readonly Parameter[], connection?: Connection): sql.Request {
    const request = connection === undefined ? this.#pool.request() : new sql.Request(this.#lending(connection));
    for (const [name, type, value] of parameters) request.input(name, mssqlType(type), value);
    return request;
  }

  /** The pool as a request sees it, but with this one connection to lend, which stays borrowed. */
  #lending(connection: Connection): sql.ConnectionPool {
    type Taken = (error: Error | null, connection?: Connection, config?: unknown) => void;
    const { config, collation } = this.#pool as unknown as { config: unknown; collation: unknown };
    return {
      connected: true,
      config,
      collation,
      acquire: (_request: unknown, taken: Taken) => taken(null, connection, config),
      release() {},
    } as unknown as sql.ConnectionPool;
  }

  /** Throws while a login that was refused must not be tried: see LoginGuard. Open connections need no login. */
  #checkLogin(): void {
    if (this.#pool.available === 0) this.#guard.beforeTry();
  }

  toError(error: unknown, operation: string): Error {
    if (error instanceof sql.ConnectionError && !/^(ETIMEOUT|ECONNCLOSED|ENOTOPEN)$/.test(error.code)) {
      return this.#toConnectionError(error);
    }
    if (makesConnectionStale(error)) void this.#closeIdle().catch(() => {});
    return toDatabaseError(error, operation);
  }

  #toConnectionError(error: unknown): DatabaseError {
    const said = this.#saidAtLogin;
    const ours = toConnectionError(error, this.#settings, said);
    const isRefused = ours.code === 'DATABASE_LOGIN' || ours.code === 'DATABASE_UNKNOWN';
    return isRefused ? this.#guard.refused(ours, isLockedLogin(error, said)) : ours;
  }

  /** Closes what leads to a server that takes no writes any more; the pool makes new connections. */
  async #closeIdle(): Promise<void> {
    for (let idle = this.#pool.available; idle > 0; idle--) {
      await this.withConnection('closing', async connection => connection.close());
    }
  }

  get description(): string {
    return describeConnection(this.#settings);
  }
}

/** SQL Server's types by the words of a parameter. */
function mssqlType(type: SqlType): sql.ISqlType | (() => sql.ISqlType) {
  const [, name, length] = /^(\w+)(?:\((\w+)\))?$/.exec(type)!;
  switch (name) {
    case 'bigint':
      return sql.BigInt;
    case 'int':
      return sql.Int;
    case 'bit':
      return sql.Bit;
    case 'uuid':
      return sql.UniqueIdentifier;
    case 'datetime':
      return sql.DateTime2(3);
    case 'varchar':
      return sql.VarChar(Number(length));
    default:
      return sql.NVarChar(length === 'max' ? sql.MAX : Number(length));
  }
}

/** In camel case; a BIGINT, which the driver gives as text, as the number that it is. */
function toRows<Row>(recordset: sql.IRecordSet<object> | undefined): Row[] {
  if (recordset === undefined) return [];
  const columns = Object.values(recordset.columns).map(({ name, type }) => ({
    name,
    key: camelCase(name),
    isBig: type === sql.BigInt,
  }));
  return recordset.map(row => {
    const renamed: Record<string, unknown> = {};
    for (const { name, key, isBig } of columns) {
      const value = (row as Record<string, unknown>)[name];
      renamed[key] = isBig && value !== null ? Number(value) : value;
    }
    return renamed as Row;
  });
}
