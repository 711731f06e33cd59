import { randomBytes } from 'node:crypto';
import { UsageError } from '../model/errors.ts';
import { type Address, isLoopback } from './address.ts';

/** What lets a visitor in. */
export interface Tokens {
  /** For reading; undefined: `--open` was said, and every user of this machine may read. */
  readonly read: string | undefined;
  /** For acting, and reading. */
  readonly act: string | undefined;
  /** For /metrics and nothing else: what Prometheus holds shows no user. */
  readonly metrics?: string | undefined;
}

export interface Choice {
  /** `--open`: no token on this machine. */
  readonly isOpen: boolean;
  /** There is a terminal to print a token on; a log is no place for one. */
  readonly hasTerminal: boolean;
}

const LEAST = 24;
/** How many different characters a random token has at least. */
const LEAST_DIFFERENT = 8;

/**
 * The tokens that a dashboard at an address has: those that are configured, or one that is made now, or, with `--open`, none. `made` is that one, to
 * be printed on the terminal and nowhere else. Throws UsageError (DASHBOARD_TOKEN).
 */
export function tokensFor(
  { host }: Address,
  configured: Tokens,
  { isOpen, hasTerminal }: Choice,
): { readonly tokens: Tokens; readonly made: string | undefined } {
  checkTokens(configured);
  if (configured.read !== undefined) {
    if (isOpen) throw refused('--open and CARDGENIUS_DASHBOARD_TOKEN contradict each other: leave one of them out.');
    return { tokens: configured, made: undefined };
  }
  if (!isLoopback(host)) {
    const why = isOpen ? '--open is for this machine alone' : 'it can be seen from other machines';
    throw refused(
      `A dashboard on ${host} needs a token (${why}): set CARDGENIUS_DASHBOARD_TOKEN (openssl rand -hex 24), or leave the host out.`,
    );
  }
  if (isOpen) return { tokens: configured, made: undefined };
  if (!hasTerminal) {
    throw refused(
      'The dashboard has no token, and no terminal to print one on: set CARDGENIUS_DASHBOARD_TOKEN (openssl rand -hex 24), or say --open, ' +
        'which lets every user of this machine read.',
    );
  }
  const made = randomBytes(24).toString('base64url');
  return { tokens: { read: made, act: made }, made };
}

/** Throws UsageError (DASHBOARD_TOKEN) where a token is easy to guess, or good for more than it says. */
function checkTokens({ read, act, metrics }: Tokens): void {
  const named = [
    ['CARDGENIUS_DASHBOARD_TOKEN', read],
    ['CARDGENIUS_DASHBOARD_ACT_TOKEN', act],
    ['CARDGENIUS_DASHBOARD_METRICS_TOKEN', metrics],
  ] as const;
  const seen = new Map<string, string>();
  for (const [name, token] of named) {
    if (token === undefined) continue;
    if (token.length < LEAST || /\s/.test(token) || new Set(token).size < LEAST_DIFFERENT) {
      throw refused(
        `${name} must have at least ${LEAST} characters, ${LEAST_DIFFERENT} different ones, and no space: openssl rand -hex 24 makes one.`,
      );
    }
    const twin = seen.get(token);
    if (twin !== undefined) throw refused(`${name} is the same as ${twin}: each needs a value of its own.`);
    seen.set(token, name);
    if (read === undefined) throw refused(`${name} needs CARDGENIUS_DASHBOARD_TOKEN beside it.`);
  }
}

const refused = (message: string) => new UsageError('DASHBOARD_TOKEN', message);
