import type { Severity } from '../model/service.ts';

/** What a channel is sent. */
export interface Notice {
  readonly state: 'opened' | 'reminded' | 'closed' | 'test';
  readonly rule: string;
  readonly subject: string;
  readonly severity: Severity;
  readonly message: string;
  readonly since: Date;
  /** Of a `closed` one that tells both, that it opened and that it is over: when it was over. */
  readonly until?: Date | undefined;
  readonly at: Date;
  /** The command or place to look at next. */
  readonly look: string;
  /** Which database it is about, without any secret, and the machine that tells. */
  readonly database?: string | undefined;
  readonly host?: string | undefined;
  /** The dashboard's page of it. */
  readonly link?: string | undefined;
}

/** The dashboard’s page of the run that `subject` names (`run 12`), else its first page. */
export function linkOf(dashboardUrl: string, subject: string): string {
  const run = /^run (\d+)$/.exec(subject)?.[1];
  return new URL(run === undefined ? './' : `./runs/${run}`, dashboardUrl.replace(/\/?$/, '/')).href;
}
