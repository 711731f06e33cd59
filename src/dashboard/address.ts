import { isIP } from 'node:net';
import { UsageError } from '../model/errors.ts';

/** Where a dashboard listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export const DEFAULT_PORT = 8787;

/** `PORT`, `HOST:PORT` or `[::1]:PORT`. Throws UsageError (DASHBOARD_ADDRESS). */
export function parseAddress(text: string): Address {
  const [, host, port] = /^(?:(\[[\da-f:.]+\]|[\w.-]+):)?(\d{1,5})$/i.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new UsageError('DASHBOARD_ADDRESS', `"${text}" is not a port: give PORT, or HOST:PORT.`);
  }
  return { host: host?.replace(/^\[|\]$/g, '') ?? '127.0.0.1', port: Number(port) };
}

/** Whether a host is this machine and no other, by its name or address alone. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/** The host of a Host header, without its port. */
export const hostOf = (header: string | undefined): string =>
  (header ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
