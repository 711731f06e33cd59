import {
  type Driver,
  inCamelCase,
  type Lane,
  type OnLoad,
  type Parameter,
  type PoolUsage,
  type Wire,
} from '../driver.ts';
import {
  COPY_OUTCOMES,
  COPY_RECOMMENDATIONS,
  COPY_SPENDING,
  decodeSpending,
  encodeFailures,
  encodeRecommendations,
  encodeSpending,
} from './postgres-staging.ts';

/** One statement; without parameters it may be a whole script. */
export interface Statement {
  readonly sql: string;
  readonly params?: readonly unknown[];
}

/** What PostgreSQL in a thread and a PostgreSQL server do each in their own way. All throw DatabaseError. */
export interface PostgresClient {
  /** One statement in a transaction of its own. BIGINT comes as a number. */
  query<Row>(sql: string, params?: readonly unknown[], lane?: Lane): Promise<Row[]>;
  /** COPY `into` (a table and its columns) in binary. The bytes are handed over: they may be empty afterwards. */
  copyIn(into: string, bytes: Uint8Array): Promise<void>;
  /** COPY `from` (a query in parentheses) in binary: the whole stream. */
  copyOut(from: string): Promise<Uint8Array>;
  /** Several statements in one transaction. */
  transaction(statements: readonly Statement[]): Promise<void>;
  usage(): readonly PoolUsage[];
  close(): Promise<void>;
}

export interface PostgresDriverOptions {
  readonly description: string;
  readonly wire?: Wire | undefined;
  /** Throws where a disk could not take another chunk. */
  readonly requireRoom?: (() => void) | undefined;
  /** Whether this program clears the dead rows out of staging itself. */
  readonly vacuums?: boolean;
  /** After the client is closed. */
  readonly onClose?: (() => void) | undefined;
}

/** Clears the dead rows out of what every chunk fills and empties, where there is no autovacuum. */
const VACUUM_STAGING = 'VACUUM cardgenius.staged_recommendation, cardgenius.staged_outcome, cardgenius.chunk_user';
const PUBLISHES_PER_VACUUM = 4;

/** PostgreSQL: functions of sql/postgres by SELECT, bulk loads by binary COPY, over either client. */
export function postgresDriver(client: PostgresClient, options: PostgresDriverOptions): Driver {
  const { description, wire, requireRoom = () => {}, vacuums = false, onClose = () => {} } = options;
  let publishes = 0;
  return {
    dialect: 'postgres',
    description,
    wire,

    async call<Row>(procedure: string, parameters: readonly Parameter[], on?: Lane | OnLoad): Promise<Row[]> {
      const lane = typeof on === 'string' ? on : 'work'; // staging is a table that every connection sees
      const named = parameters.map(([name], index) => `p_${name} => $${index + 1}`).join(', ');
      const values = parameters.map(([, , value]) => value);
      const rows = await client.query<object>(`SELECT * FROM cardgenius.${procedure}(${named})`, values, lane);
      if (vacuums && procedure === 'publish_chunk' && ++publishes % PUBLISHES_PER_VACUUM === 0) {
        await client.query(VACUUM_STAGING);
      }
      return inCamelCase<Row>(rows);
    },

    async readChunk({ runId, chunkNo, token }) {
      const call = `SELECT * FROM cardgenius.read_chunk(${Number(runId)}, ${Number(chunkNo)}, '${uuid(token)}')`;
      return decodeSpending(await client.copyOut(`(${call})`));
    },

    async stage(loadNo, slices) {
      requireRoom();
      await client.copyIn(COPY_RECOMMENDATIONS, encodeRecommendations(loadNo, slices));
      if (slices.every(({ failures }) => failures.length === 0)) return;
      await client.copyIn(COPY_OUTCOMES, encodeFailures(loadNo, slices));
    },

    async endLoad() {}, // publish and the sweep clear staging by load number

    async stageSpending(loadNo, rows) {
      requireRoom();
      await client.copyIn(COPY_SPENDING, encodeSpending(loadNo, rows));
    },

    ask: (text, parameters) => client.query(text, text.includes('$1') ? parameters.map(([, , value]) => value) : []),
    usage: () => client.usage(),

    async close() {
      await client.close();
      onClose();
    },
  };
}

/** A token goes into the text of a COPY, where no parameter can: it must be what it says it is. */
function uuid(token: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(token)) throw new TypeError(`not a UUID: ${token}`);
  return token;
}
