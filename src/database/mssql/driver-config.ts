import type sql from 'mssql';
import type { LoginGuard } from '../login-guard.ts';
import type { ConnectionSettings } from './connection-settings.ts';

/** How large a packet may be: 16 KB is the limit of encrypted ones, four times the default, and worth half as much speed again. */
const PACKET_SIZE = 16_384;
const CONNECT_TIMEOUT_MS = 15_000;

export interface PoolOptions {
  readonly size: number;
  /** Connections that are kept open; none unless it is given. */
  readonly least?: number | undefined;
  /** How long each request may take. */
  readonly timeoutSeconds: number;
  readonly appName: string;
  /** One guard for all pools of this process. */
  readonly guard?: LoginGuard | undefined;
  /** How long making a connection may take; 15 s unless it is given. */
  readonly connectTimeoutMs?: number | undefined;
}

/** What the driver is given for a pool: sizes, time-outs in milliseconds, login and encryption. */
export function driverConfig(settings: ConnectionSettings, options: PoolOptions): sql.config {
  const { server, port, database, authentication } = settings;
  return {
    server,
    database,
    ...(port === undefined ? {} : { port }),
    connectionTimeout: connectTimeoutOf(settings, options),
    requestTimeout: options.timeoutSeconds * 1000,
    pool: {
      max: options.size,
      min: Math.min(options.least ?? 0, options.size),
      idleTimeoutMillis: 60_000,
      acquireTimeoutMillis: options.timeoutSeconds * 1000,
    },
    // A SELECT 1 before each request would double the round trips; a dead socket is seen without.
    validateConnection: 'socket',
    authentication: { type: authentication, options: credentials(settings) },
    options: {
      encrypt: settings.encrypt,
      trustServerCertificate: settings.trustServerCertificate,
      ...(settings.instanceName === undefined ? {} : { instanceName: settings.instanceName }),
      ...(settings.hostNameInCertificate === undefined ? {} : { serverName: settings.hostNameInCertificate }),
      multiSubnetFailover: settings.multiSubnetFailover,
      readOnlyIntent: settings.applicationIntent === 'readOnly',
      appName: options.appName,
      packetSize: PACKET_SIZE,
      enableArithAbort: true,
      useUTC: true,
    },
  } as unknown as sql.config;
}

function connectTimeoutOf({ connectTimeoutSeconds }: ConnectionSettings, { connectTimeoutMs }: PoolOptions): number {
  return connectTimeoutMs ?? (connectTimeoutSeconds === undefined ? CONNECT_TIMEOUT_MS : connectTimeoutSeconds * 1000);
}

function credentials({ user, password, domain, clientId, clientSecret, tenantId, token }: ConnectionSettings): object {
  const given = { userName: user, password, domain, clientId, clientSecret, tenantId, token };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
