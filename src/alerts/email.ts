import { CardGeniusError } from '../model/errors.ts';
import { isLoopback } from '../model/loopback.ts';
import type { Secret } from '../model/secret.ts';
import { RefusedForGood } from './http-post.ts';

export interface Mail {
  readonly subject: string;
  readonly text: string;
  /** The same for each attempt: a reader shows one of two. */
  readonly messageId: string;
}

interface Refusal {
  readonly responseCode?: unknown;
  readonly code?: unknown;
  readonly recipient?: string;
}

const TIMEOUT_MS = 10_000;

/**
 * Sends mails to the same receivers. A receiver who has been told is not told again: where the server refused some, the next
 * attempt of that mail goes to those alone.
 */
export class Mailer {
  readonly #smtp: Secret;
  readonly #from: string;
  readonly #to: readonly string[];
  readonly #allowInsecure: boolean;
  /** Of the mail that was tried last: the recipients that were not told. */
  #left: { readonly messageId: string; readonly to: readonly string[] } | undefined;

  constructor(smtp: Secret, from: string, to: readonly string[], allowInsecure: boolean) {
    this.#smtp = smtp;
    this.#from = from;
    this.#to = to;
    this.#allowInsecure = allowInsecure;
  }

  /** Throws where a recipient was not told: RefusedForGood (5xx for all of them), else CardGeniusError ALERT_REFUSED. */
  async send(mail: Mail): Promise<void> {
    const to = this.#left?.messageId === mail.messageId ? this.#left.to : this.#to;
    const { createTransport } = await import('nodemailer');
    const transport = createTransport(transportUrl(this.#smtp, this.#allowInsecure));
    try {
      const sent = await transport.sendMail({ from: this.#from, to: [...to], ...mail });
      const errors = (sent as { rejectedErrors?: readonly Refusal[] }).rejectedErrors ?? [];
      if (errors.length === 0) {
        this.#left = undefined;
        return;
      }
      const refused = errors.map(({ recipient }) => recipient ?? '');
      const left = to.filter(receiver => refused.some(address => address !== '' && receiver.includes(address)));
      this.#left = { messageId: mail.messageId, to: left };
      throw refusal(errors, `the others were told; not told: ${refused.join(', ')}`);
    } catch (error) {
      if (error instanceof CardGeniusError) throw error;
      const { rejectedErrors } = error as { rejectedErrors?: readonly Refusal[] };
      throw refusal(rejectedErrors ?? [error as Refusal], 'no recipient was told');
    } finally {
      transport.close();
    }
  }
}

/** By code alone: a server's words may hold what was sent to it. SMTP: 5xx is for good, 4xx is not. */
function refusal(errors: readonly Refusal[], who: string): CardGeniusError {
  const codes = errors.map(({ responseCode, code }) => responseCode ?? code ?? 'no answer');
  const isForGood = codes.every(code => typeof code === 'number' && code >= 500);
  const message = `the mail server answered ${[...new Set(codes)].join(', ')}; ${who}`;
  return new (isForGood ? RefusedForGood : CardGeniusError)('ALERT_REFUSED', message);
}

/** TLS is asked for, and a server without it is refused: a password would go in the clear. On this machine there is no wire. */
function transportUrl(smtp: Secret, allowInsecure: boolean): string {
  const url = new URL(smtp.reveal());
  for (const name of ['connectionTimeout', 'greetingTimeout', 'socketTimeout']) {
    if (!url.searchParams.has(name)) url.searchParams.set(name, String(TIMEOUT_MS));
  }
  if (url.protocol === 'smtp:' && !allowInsecure && !isLoopback(url.hostname)) {
    url.searchParams.set('requireTLS', 'true');
    url.searchParams.delete('ignoreTLS');
  }
  return url.href;
}
