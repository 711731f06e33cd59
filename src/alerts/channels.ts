import { createHmac, randomUUID } from 'node:crypto';
import { cutText } from '../model/cut.ts';
import type { Secret } from '../model/secret.ts';
import { Mailer } from './email.ts';
import { runbookOf } from './finding.ts';
import { postJson, useProxyOfEnvironment } from './http-post.ts';
import type { Notice } from './notice.ts';

/** A way to send a notice. `send` throws where the notice did not arrive; it is then sent again, under the same id. */
export interface Channel {
  readonly name: string;
  send(notice: Notice, id: string): Promise<void>;
}

export interface ChannelSettings {
  readonly webhook?: { readonly url: Secret; readonly secret: Secret } | undefined;
  readonly slack?: { readonly url: Secret } | undefined;
  readonly teams?: { readonly url: Secret } | undefined;
  readonly email?:
    | {
        readonly smtp: Secret;
        readonly from: string;
        readonly to: readonly string[];
        /** Sends also where the server has no TLS. */
        readonly allowInsecure?: boolean | undefined;
      }
    | undefined;
}

export const newId = (): string => randomUUID();

export function openChannels({ webhook, slack, teams, email }: ChannelSettings): Channel[] {
  useProxyOfEnvironment(process.env);
  return [
    ...(webhook === undefined ? [] : [webhookChannel(webhook.url, webhook.secret)]),
    ...(slack === undefined ? [] : [chatChannel('slack', slack.url, slackBody)]),
    ...(teams === undefined ? [] : [chatChannel('teams', teams.url, teamsBody)]),
    ...(email === undefined ? [] : [emailChannel(email.smtp, email.from, email.to, email.allowInsecure === true)]),
  ];
}

/** One line: how bad, what state, what. */
function headlineOf({ state, severity, rule, subject, until }: Notice): string {
  const over = until === undefined ? 'over' : `was ${severity}, over`;
  const word = { opened: severity, reminded: `still ${severity}`, closed: over, test: 'test' }[state];
  return `[CardGenius, ${word}] ${rule.replaceAll('_', ' ')}: ${subject}`;
}

export function textOf(notice: Notice): string {
  const { state, rule, message, since, until, at, look, database, host, link } = notice;
  const place = [database, host === undefined ? undefined : `told by ${host}`].filter(part => part !== undefined);
  const untold = until === undefined ? '' : ' The processor that had its opening to tell has died.';
  const told =
    state === 'closed'
      ? [`It is over: from ${since.toISOString()} to ${(until ?? at).toISOString()}.${untold}`, `It said: ${message}`]
      : [message, `Since ${since.toISOString()}. Look at: ${look}`, `What to do: ${runbookOf(rule)}`];
  const lines = [headlineOf(notice), ...told, place.join(', '), link];
  return lines.filter(line => line !== undefined && line !== '').join('\n');
}

/** The signature covers time and body: what was caught on the way cannot be sent again later. */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

function webhookChannel(url: Secret, secret: Secret): Channel {
  return {
    name: 'webhook',
    send: async (notice, id) => {
      const body = JSON.stringify({ id, headline: headlineOf(notice), ...notice, runbook: runbookOf(notice.rule) });
      const timestamp = String(Math.floor(Date.now() / 1000));
      await postJson(url, body, {
        'x-cardgenius-delivery': id,
        'x-cardgenius-timestamp': timestamp,
        'x-cardgenius-signature': signatureOf(secret.reveal(), timestamp, body),
      });
    },
  };
}

function chatChannel(name: string, url: Secret, bodyOf: (notice: Notice) => object): Channel {
  return { name, send: notice => postJson(url, JSON.stringify(bodyOf(notice)), {}) };
}

/** In what Slack shows as a notification it reads &, < and > as its own marks. */
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Plain text: a message may hold what a person typed, and Slack would make links and mentions of it. */
function slackBody(notice: Notice): object {
  const text = cut(textOf(notice), 2_900);
  return {
    text: escaped(headlineOf(notice)),
    blocks: [{ type: 'section', text: { type: 'plain_text', text, emoji: false } }],
  };
}

const cut = (text: string, length: number): string => (text.length > length ? `${cutText(text, length - 1)}…` : text);

function teamsBody(notice: Notice): object {
  const [headline, ...lines] = textOf(notice).split('\n');
  const color = notice.state === 'closed' ? 'Good' : notice.severity === 'critical' ? 'Attention' : 'Warning';
  // Runs, and not a TextBlock: that would read Markdown, and make a link of [text](address) that a person typed.
  const run = (text: string, style: object = {}) => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text, ...style }],
  });
  const body = [run(headline!, { weight: 'Bolder', color }), ...lines.map(line => run(line))];
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
  };
  const contentType = 'application/vnd.microsoft.card.adaptive';
  return { type: 'message', attachments: [{ contentType, content: { ...content, body } }] };
}

function emailChannel(smtp: Secret, from: string, to: readonly string[], allowInsecure: boolean): Channel {
  const mailer = new Mailer(smtp, from, to, allowInsecure);
  return {
    name: 'email',
    send: (notice, id) =>
      mailer.send({ subject: headlineOf(notice), text: textOf(notice), messageId: `<${id}@cardgenius>` }),
  };
}
