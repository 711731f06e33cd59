import { createHmac, randomUUID } from 'node:crypto';
import { CardGeniusError, messageOf } from '../model/errors.ts';
import type { Secret } from '../model/secret.ts';
import type { Notice } from './keeper.ts';

/** A way to tell somebody. `send` throws where the notice did not arrive; it is then sent again, under the same id. */
export interface Channel {
  readonly name: string;
  send(notice: Notice, id: string): Promise<void>;
}

/** The receiver has understood, and does not want it: the same notice again gets the same answer, as far as anybody knows. */
export class RefusedForGood extends CardGeniusError {}

export interface ChannelSettings {
  readonly webhook?: { readonly url: Secret; readonly secret: Secret } | undefined;
  readonly slack?: { readonly url: Secret } | undefined;
  readonly teams?: { readonly url: Secret } | undefined;
  readonly email?: { readonly smtp: Secret; readonly from: string; readonly to: readonly string[] } | undefined;
}

const TIMEOUT_MS = 10_000;
export const newId = (): string => randomUUID();

export function openChannels({ webhook, slack, teams, email }: ChannelSettings): Channel[] {
  return [
    ...(webhook === undefined ? [] : [webhookChannel(webhook.url, webhook.secret)]),
    ...(slack === undefined ? [] : [chatChannel('slack', slack.url, slackBody)]),
    ...(teams === undefined ? [] : [chatChannel('teams', teams.url, teamsBody)]),
    ...(email === undefined ? [] : [emailChannel(email.smtp, email.from, email.to)]),
  ];
}

/** One line: how bad, what state, what. */
export function headlineOf({ state, severity, rule, subject }: Notice): string {
  const word = { opened: severity, reminded: `still ${severity}`, closed: 'over', test: 'test' }[state];
  return `[CardGenius, ${word}] ${rule.replaceAll('_', ' ')}: ${subject}`;
}

export function textOf(notice: Notice): string {
  const { message, since, look } = notice;
  return `${headlineOf(notice)}\n${message}\nSince ${since.toISOString()}. Look at: ${look}`;
}

/** The signature covers time and body: what was caught on the way cannot be sent again later. */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

function webhookChannel(url: Secret, secret: Secret): Channel {
  return {
    name: 'webhook',
    send: async (notice, id) => {
      const body = JSON.stringify({ id, headline: headlineOf(notice), ...notice });
      const timestamp = String(Math.floor(Date.now() / 1000));
      await post(url, body, {
        'x-cardgenius-delivery': id,
        'x-cardgenius-timestamp': timestamp,
        'x-cardgenius-signature': signatureOf(secret.reveal(), timestamp, body),
      });
    },
  };
}

function chatChannel(name: string, url: Secret, bodyOf: (notice: Notice) => object): Channel {
  return { name, send: notice => post(url, JSON.stringify(bodyOf(notice)), {}) };
}

/** Slack reads &, < and > as its own marks. */
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function slackBody(notice: Notice): object {
  const { message, since, look } = notice;
  const headline = escaped(headlineOf(notice));
  const text = `*${headline}*\n${escaped(message)}\nSince ${since.toISOString()}. Look at: \`${escaped(look)}\``;
  return { text: headline, blocks: [{ type: 'section', text: { type: 'mrkdwn', text } }] };
}

function teamsBody(notice: Notice): object {
  const [headline, ...lines] = textOf(notice).split('\n');
  const color = notice.state === 'closed' ? 'Good' : notice.severity === 'critical' ? 'Attention' : 'Warning';
  const body = [
    { type: 'TextBlock', text: headline, weight: 'Bolder', color, wrap: true },
    ...lines.map(text => ({ type: 'TextBlock', text, wrap: true })),
  ];
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
  };
  const contentType = 'application/vnd.microsoft.card.adaptive';
  return { type: 'message', attachments: [{ contentType, content: { ...content, body } }] };
}

async function post(url: Secret, body: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const response = await fetch(url.reveal(), {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
    redirect: 'manual', // not followed: it counts as refused
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  const { ok, status } = response;
  if (ok) return;
  const mayPass = status >= 500 || status === 408 || status === 429;
  throw new (mayPass ? CardGeniusError : RefusedForGood)('ALERT_REFUSED', `the receiver answered ${status}`);
}

function emailChannel(smtp: Secret, from: string, to: readonly string[]): Channel {
  return {
    name: 'email',
    send: async (notice, id) => {
      const { createTransport } = await import('nodemailer');
      const url = new URL(smtp.reveal());
      for (const name of ['connectionTimeout', 'greetingTimeout', 'socketTimeout']) {
        if (!url.searchParams.has(name)) url.searchParams.set(name, String(TIMEOUT_MS));
      }
      const transport = createTransport(url.href);
      try {
        const messageId = `<${id}@cardgenius>`; // the same for each attempt: a reader shows one of two
        await transport.sendMail({ from, to: [...to], subject: headlineOf(notice), text: textOf(notice), messageId });
      } catch (error) {
        if (!isRefusal(error)) throw error;
        throw new RefusedForGood('ALERT_REFUSED', messageOf(error), { cause: error });
      } finally {
        transport.close();
      }
    },
  };
}

/** SMTP: 5xx is for good, 4xx is not. */
function isRefusal(error: unknown): boolean {
  const { responseCode } = error as { responseCode?: unknown };
  return typeof responseCode === 'number' && responseCode >= 500;
}
