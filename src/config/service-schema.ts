import { isIP } from 'node:net';
import { z } from 'zod';
import { isLoopback } from '../model/loopback.ts';
import { Secret } from '../model/secret.ts';
import { cronProblem } from '../schedule/cron-expression.ts';
import { isTimeZone } from '../schedule/time-zone.ts';

/** A text that is never shown again: addresses of chat channels hold a key, an SMTP address a password. */
const secret = (schema: z.ZodType<string>) => schema.transform(text => new Secret(text)).meta({ secret: true });
const webAddress = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address' })
  .refine(
    text => !/^https?:\/\/[^/?#]*@/i.test(text),
    'must hold no user and no password: a receiver gets a key in its path',
  );
const mailbox = z
  .string()
  .regex(
    /^(?:(?:"(?:[^"\\]|\\.)*"|[^,"<>@]*)\s*<[^\s<>,;"@]+@[^\s<>,;"@]+>|[^\s<>,;"@]+@[^\s<>,;"@]+)$/,
    'must be one address, as a@b.example or "Rao, Asha" <a@b.example>',
  );
const allowInsecure = z
  .boolean()
  .optional()
  .describe('true: a receiver on another machine without TLS; only within a network that you trust.');

/** What goes over a wire goes encrypted, unless the operator says otherwise beside the channel. */
function refuseClear(channel: { url: Secret; allowInsecure?: boolean | undefined }, context: z.RefinementCtx): void {
  if (!(channel.url instanceof Secret)) return; // it has an issue of its own
  const { protocol, hostname } = new URL(channel.url.reveal());
  if (protocol === 'https:' || channel.allowInsecure === true || isLoopback(hostname)) return;
  context.addIssue({
    code: 'custom',
    path: ['url'],
    message:
      'is http:// to another machine, where it can be read on the way: use https://, or say allowInsecure: true beside it',
  });
}

const OF_KIND = { run: ['deadlineMinutes', 'userLimit'], parity: ['url', 'sample', 'allowInsecure'] } as const;

/** Each kind has settings of its own. */
function refuseMixedKinds(
  schedule: { kind: 'run' | 'parity'; misfire: string; url?: Secret | undefined } & Readonly<Record<string, unknown>>,
  context: z.RefinementCtx,
): void {
  const { kind, misfire, url } = schedule;
  const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  const other = kind === 'run' ? 'parity' : 'run';
  for (const key of OF_KIND[other]) {
    if (schedule[key] !== undefined)
      issue(key, `is for a schedule of kind ${other}: leave it out, or say kind: '${other}'`);
  }
  if (kind === 'run') return;
  if (url === undefined) issue('url', 'is missing: a schedule of kind parity names the API that it asks');
  else refuseClear({ ...schedule, url }, context);
  if (misfire === 'all') issue('misfire', 'must be once or skip: a comparison says how it is now, and not how it was');
}

export const scheduleSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][\w.-]{0,59}$/, 'must be letters, digits, - _ and ., at most 60')
      .describe('Its name in the ledger; a new name begins a new history.'),
    kind: z
      .enum(['run', 'parity'])
      .default('run')
      .describe('A slot opens a run; or compares a sample of users with the CardGenius API, and opens none.'),
    cron: z
      .string()
      .superRefine((text, context) => {
        const problem = cronProblem(text);
        if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
      })
      .describe('Five fields, or six with seconds first.'),
    timeZone: z.string().refine(isTimeZone, 'is no IANA time zone').default('UTC').describe('IANA: Asia/Kolkata.'),
    misfire: z
      .enum(['once', 'skip', 'all'])
      .default('once')
      .describe('What to do about missed slots: one run for the latest, none, or one each.'),
    catchUpWindowMinutes: z.int().min(0).max(525_600).default(4_320).describe('Older missed slots are only recorded.'),
    deadlineMinutes: z
      .int()
      .min(1)
      .max(10_080)
      .optional()
      .describe('How long a run may take before an alert says that it is late; it goes on.'),
    userLimit: z.int().min(1).max(100_000_000).optional().describe('How many users a run has at most.'),
    url: secret(webAddress).optional().describe('Of kind parity: the API, which gets the spends of the sample.'),
    sample: z.int().min(1).max(10_000).optional().describe('Of kind parity: how many users; 100.'),
    allowInsecure,
  })
  .superRefine(refuseMixedKinds);
export type Schedule = z.output<typeof scheduleSchema>;

export const serviceSchema = z.strictObject({
  health: z
    .string()
    .regex(/^([\w.:[\]-]+:\d{1,5}|off)$/, 'must be HOST:PORT or off')
    .default('off')
    .describe('HOST:PORT where serve answers /livez and /readyz.'),
});

/** An IP address, or one with the bits of its network: 10.0.0.0/8. */
function isAddressRange(text: string): boolean {
  const [address, bits, ...more] = text.split('/');
  const family = isIP(address!);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

export const dashboardSchema = z.strictObject({
  address: z
    .string()
    .regex(/^((\[[\da-f:.]+\]|[\w.-]+):)?\d{1,5}$|^off$/i, 'must be PORT, HOST:PORT or off')
    .default('off')
    .describe('PORT or HOST:PORT where serve shows the dashboard and /metrics; serve --dashboard wins.'),
  token: secret(z.string())
    .optional()
    .describe('For looking; required where other machines reach the page, and behind a proxy.'),
  actToken: secret(z.string()).optional().describe('For looking and acting: retry, Run now.'),
  metricsToken: secret(z.string()).optional().describe('For /metrics alone, without any user: for Prometheus.'),
  url: webAddress
    .optional()
    .describe('The address of the page for people, as https://batch.example/cards/: alerts link to it.'),
  trustedProxies: z
    .array(z.string().refine(isAddressRange, 'must be an IP address, or a range such as 10.0.0.0/8'))
    .default([])
    .describe('Proxies whose X-Forwarded-* and user headers are trusted; separated by commas.'),
  userHeader: z
    .string()
    .regex(/^[A-Za-z][\w-]{0,59}$/, 'must be the name of a header')
    .default('X-Forwarded-User')
    .describe('The header in which such a proxy names the signed-in person.'),
});

export const thresholdsSchema = z.strictObject({
  noProgressMinutes: z
    .number()
    .min(0.1)
    .max(10_080)
    .default(15)
    .describe('How long a run may close no chunk before it is stuck.'),
  errorRateWarning: z.number().min(0).max(1).default(0.001).describe('Share of failed users of a run.'),
  errorRateCritical: z.number().min(0).max(1).default(0.01).describe('The same, critical.'),
  errorRateFromUsers: z
    .int()
    .min(1)
    .max(100_000_000)
    .default(1_000)
    .describe('From how many decided users on the rate counts.'),
  usersPerMinuteWarning: z
    .number()
    .min(0)
    .max(100_000_000)
    .default(500)
    .describe('Throughput of a run with chunks open.'),
  usersPerMinuteCritical: z.number().min(0).max(100_000_000).default(100).describe('The same, critical.'),
  throughputMinutes: z.number().min(0.1).max(10_080).default(5).describe('The span over which throughput is measured.'),
  fireLateSeconds: z
    .int()
    .min(10)
    .max(604_800)
    .default(120)
    .describe('A slot that is found later than this was missed.'),
});
export type Thresholds = z.output<typeof thresholdsSchema>;

export const alertsSchema = z.strictObject({
  reminderMinutes: z.number().min(1).max(525_600).default(240).describe('How often an open alert is sent again.'),
  webhook: z
    .strictObject({
      url: secret(webAddress).describe('Gets each alert as JSON.'),
      secret: secret(z.string().min(16)).describe(
        'Signs it: X-CardGenius-Signature, HMAC-SHA256. 16 characters or more.',
      ),
      allowInsecure,
    })
    .superRefine(refuseClear)
    .optional(),
  slack: z
    .strictObject({ url: secret(webAddress).describe('An incoming webhook of Slack.'), allowInsecure })
    .superRefine(refuseClear)
    .optional(),
  teams: z
    .strictObject({ url: secret(webAddress).describe('A workflow webhook of Teams.'), allowInsecure })
    .superRefine(refuseClear)
    .optional(),
  email: z
    .strictObject({
      smtp: secret(z.url({ protocol: /^smtps?$/, error: 'must be smtp://… or smtps://…' })).describe(
        'smtp://user:password@host:587, which must offer TLS (STARTTLS), or smtps://…:465.',
      ),
      from: mailbox.describe('The sender.'),
      to: z.array(mailbox).min(1).max(100).describe('The receivers; in the environment separated by commas.'),
      allowInsecure,
    })
    .optional(),
});
export type Alerts = z.output<typeof alertsSchema>;
