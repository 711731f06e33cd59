/**
 * What the program asks of a database, and how little of it differs between engines.
 *
 * **Layers.** An operation (`claimChunk`, `publishChunk`) is one stored procedure or function of the same name, in
 * `sql/mssql/claim_chunk.sql` and `sql/postgres/claim_chunk.sql`: its logic, locks and isolation stand there. In TypeScript it
 * is one function of a Driver, in `batch.ts`, `exchange.ts`, `audit.ts`, `history.ts`, `coordination.ts` or `maintenance.ts`; the
 * return type of those files' factories is the port that all other rooms see. A driver adds what engines do each in their
 * own way: calling a procedure, reading a chunk, loading rows in bulk, asking a question of `queries/`. There is no other SQL
 * in TypeScript, but for the migrator and the embedded engine's own VACUUM.
 *
 *     engine of a run            operations (this folder)            driver               server
 *     processChunk ── publishChunk(lease, …) ── call('publish_chunk', …) ── EXEC / SELECT * FROM ── sql/…/publish_chunk.sql
 *
 * Two dialects, three drivers: `mssql/` (SQL Server, Azure SQL), `postgres/` with PGlite in a thread, and `postgres/` with a
 * PostgreSQL server. Both of `postgres/` are one driver over two clients. A new operation is one function and its SQL files.
 *
 * **Parameters** go by name: `['run_id', 'bigint', runId]` is `@run_id` on SQL Server and `p_run_id` on PostgreSQL. The type
 * is said once, in SQL Server's words. It matters there (an NVARCHAR parameter would turn a seek on a VARCHAR key into a scan),
 * while PostgreSQL takes it from the function. A text that may be longer than its column is cut by the operation (`cut`).
 *
 * **Rows** come back in camel case, as the procedure named its columns: `run_id` is `runId`. BIGINT comes as a number: run and
 * load numbers and counts of rows stay far below 2^53. Money is whole paise, points are whole hundredths, times are Dates.
 *
 * **The fence.** A chunk is worked on under a lease: run, chunk and token (`leaseParameters`). Every write of a worker carries all
 * three, and a procedure that finds another token writes nothing: it answers no row (the operation says undefined), or it
 * throws LeaseLostError. A worker that was frozen and wakes up can therefore do no harm.
 *
 * **An answer that was lost.** A connection may break after the server has committed. Each operation of a run may be repeated with
 * the same arguments, and then has the same outcome: a claim under the same token answers the same chunk, a publish under the same
 * token answers the counts of the first. That is why ambiguous errors are tried again like transient ones (`retrying.ts`). Two are
 * repeated by their callers instead: `stage`, which after a torn load needs a new load number and so goes with `beginLoad`; and
 * `claimChunk`, whose caller must give back a chunk that a lost answer left under its token. Operations of a person (`retryUsers`,
 * `redoUsers`, `pruneHistory`, `publishImport`) may be repeated without harm, but count only what the repetition changed.
 *
 * **Errors.** A driver throws what the server or the socket said as a DatabaseError, whose class says what a retry can do:
 * transient, ambiguous, exhausted (disk or log full), data (one row is refused), permanent. Conditions that our own procedures
 * raise have codes of their own (`LEASE_LOST`, `RUN_ACTIVE`, …). `batch/recovery.ts` is the table of what becomes of each.
 */
import { cutText } from '../model/cut.ts';
import { DatabaseError } from '../model/errors.ts';
import type { RecommendationSlice } from '../model/recommendation.ts';
import type { Lease } from '../model/run.ts';
import type { SpendingSlice } from '../model/spending.ts';
import type { StagedSpending } from '../model/table-rows.ts';

/** Which SQL a database speaks: the folder of `sql/`, `migrations/` and `queries/`. */
export type Dialect = 'mssql' | 'postgres';

/** The types of parameters, in SQL Server's words. A datetime is DATETIME2(3), or TIMESTAMPTZ on PostgreSQL. */
export type SqlType =
  | 'bigint'
  | 'int'
  | 'bit'
  | 'uuid'
  | 'datetime'
  | `varchar(${number})`
  | `nvarchar(${number})`
  | 'nvarchar(max)';

/** A parameter of a procedure: its name without @ or p_, its type, its value. */
export type Parameter = readonly [name: string, type: SqlType, value: string | number | boolean | Date | null];

/**
 * Which connections a call may use. `control` is for what must be quick while chunks load and publish (leases, status); its
 * time-out is short. `work` may take minutes. A driver with one connection makes no difference.
 */
export type Lane = 'control' | 'work';

/** The connection on which a load was staged: on SQL Server its rows are in that session's own tables, and no other sees them. */
export interface OnLoad {
  readonly loadNo: number;
}

/** How much of a pool of connections is in use. */
export interface PoolUsage {
  readonly pool: string;
  readonly inUse: number;
  readonly idle: number;
  /** Requests that wait for a connection. */
  readonly waiting: number;
  readonly limit: number;
}

/** Whether what goes over a wire is encrypted, and whether the other end has proved its name. */
export interface Wire {
  readonly encrypted: boolean;
  readonly verified: boolean;
  /** The other end is on this machine. */
  readonly isLocal?: boolean;
}

/** The members in which database engines differ. All of them throw DatabaseError. */
export interface Driver {
  readonly dialect: Dialect;
  /** For logs and messages: the kind of database and its address; never a secret. */
  readonly description: string;
  /** Undefined where nothing goes over a wire. */
  readonly wire: Wire | undefined;
  /**
   * Calls a procedure of schema cardgenius: the rows of its answer, in camel case. It goes through the lane `work` unless another
   * lane is given, or a load whose connection it needs; where that load has ended, through `work`.
   */
  call<Row>(procedure: string, parameters: readonly Parameter[], on?: Lane | OnLoad): Promise<Row[]>;
  /** The rows of `read_chunk` as typed arrays: user numbers ascending and spends in paise. */
  readChunk(lease: Lease): Promise<SpendingSlice>;
  /** Bulk-loads a chunk's answers, slice by slice in order of user number, under a load number. */
  stage(loadNo: number, slices: readonly RecommendationSlice[]): Promise<void>;
  /** Gives back what a load holds: its connection, where it has one. May be called for a load that has ended; never throws. */
  endLoad(loadNo: number): Promise<void>;
  /** Bulk-loads rows of an import; line numbers ascend from call to call. */
  stageSpending(loadNo: number, rows: readonly StagedSpending[]): Promise<void>;
  /** Runs a text of `queries/` as it stands there; `source` names the file. The rows have the text's own column names. */
  ask<Row>(text: string, parameters: readonly Parameter[], source: string): Promise<Row[]>;
  /** The pools of connections, as they are now. */
  usage(): readonly PoolUsage[];
  close(): Promise<void>;
}

/**
 * Calls a procedure that always answers with one row. Where none comes, the call may have done its work all the same: throws
 * ANSWER_MISSING, ambiguous.
 */
export async function callForRow<Row>(
  driver: Driver,
  procedure: string,
  parameters: readonly Parameter[],
  on?: Lane | OnLoad,
): Promise<Row> {
  const [row] = await driver.call<Row>(procedure, parameters, on);
  if (row !== undefined) return row;
  throw new DatabaseError(
    'ANSWER_MISSING',
    `cardgenius.${procedure} on ${driver.description} ended without its answer, and without an error`,
    'ambiguous',
  );
}

/** The fence that every write of a worker carries. */
export function leaseParameters({ runId, chunkNo, token }: Lease): Parameter[] {
  return [
    ['run_id', 'bigint', runId],
    ['chunk_no', 'int', chunkNo],
    ['token', 'uuid', token],
  ];
}

/** A text as far as its column takes it. */
export function cut<Text extends string | null | undefined>(text: Text, length: number): string | null {
  return text == null ? null : cutText(text, length);
}

/** `run_id` → `runId`. */
export const camelCase = (column: string): string =>
  column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Rows with their columns in camel case; all have the columns of the first. An export has twenty million: no work twice. */
export function inCamelCase<Row>(rows: readonly object[]): Row[] {
  const columns = Object.keys(rows[0] ?? {}).map(column => [column, camelCase(column)] as const);
  return rows.map(row => {
    const renamed: Record<string, unknown> = {};
    for (const [column, key] of columns) renamed[key] = (row as Record<string, unknown>)[column];
    return renamed as Row;
  });
}
