import type { CoordinationDatabase } from '../database/coordination.ts';
import { DatabaseError } from '../model/errors.ts';
import type { Alert, ClockState, ClosedAlert } from '../model/service.ts';
import { FailedUsers, type FailureReader } from './failed-users.ts';
import { type Finding, type Limits, lookOf, RULES, type Sample } from './finding.ts';
import { type FireReader, latestFires, latestRuns, type RunReader } from './latest.ts';
import { linkOf, type Notice } from './notice.ts';
import { Outage } from './outage.ts';
import { type Delivery, Outbox, type OutboxDatabase } from './outbox.ts';
import { clockWrong, findingsOf } from './rules.ts';
import { sampleOf } from './run-rules.ts';

export interface MonitorOptions {
  readonly limits: Limits;
  /** Names of the schedules that are configured: of other schedules no fire is missed. */
  readonly schedules: readonly string[];
  readonly reminderMinutes: number;
  /** This machine: the subject of what is wrong here alone. */
  readonly host: string;
  /** The id of this processor: others tell what it could not, once it is gone. */
  readonly processor: string;
  /** Why the last lines of this machine's log could not be written; undefined where they could. */
  readonly logTrouble?: () => string | undefined;
  /** Where people reach the dashboard: notices link there. */
  readonly dashboardUrl?: string | undefined;
  /** Calls `arrived` once every channel has taken the notice, or refused it for good. */
  readonly notify: (notice: Notice, arrived: () => void) => void;
  readonly onError: (error: unknown) => void;
}

type AlertDatabase = OutboxDatabase &
  FireReader &
  FailureReader &
  Pick<CoordinationDatabase, 'listAlerts' | 'raiseAlert' | 'closeAlert'>;

/** How often the rules are evaluated, where no news comes. */
const INTERVAL_MS = 15_000;
/** How long the database may take to write an alert; after that it is sent all the same. */
const WRITE_MS = 5_000;

/**
 * Keeps the state of alerts: a rule that breaks opens one, tells it once, reminds, and tells when it holds again. The state
 * stands in the database, so that a new leader goes on with it; that the database is away is kept here and written later.
 */
export class AlertMonitor {
  readonly #options: MonitorOptions;
  readonly #outbox: Outbox;
  readonly #outage: Outage;
  #database: RunReader | undefined;
  #coordination: AlertDatabase | undefined;
  #samples: Sample[] = [];
  #watchedAt = Number.NEGATIVE_INFINITY;
  /** This instance leads, as far as it knows; before it has seen the database, each speaks for itself. */
  #leads = true;
  /** What was told and is not over, by rule and subject; unwritten: the database has not taken it. */
  readonly #told = new Map<
    string,
    { since: Date; toldAt: number; isWritten: boolean; delivery: Delivery | undefined }
  >();
  readonly #failedUsers = new FailedUsers();
  /** The database answers the bids for the lead, and yet the rules cannot be looked at. */
  #isUnread = false;
  /** What was seen last of the database's clock. */
  #clock: ClockState | undefined;
  /** What is wrong on this machine alone, and the alert's message. */
  readonly #faults = new Map<RuleOfMachine, string>();
  /** What the log's trouble was at the last look; null before the first one. */
  #logTrouble: string | undefined | null = null;

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#outbox = new Outbox(
      options.notify,
      closed => this.#tellClosed(closed, closed.closedAt?.getTime() ?? Date.now()),
      options.onError,
    );
    this.#outage = new Outage({ ...options, tell: (...told) => void this.#tell(...told) });
  }

  use(database: RunReader, coordination: AlertDatabase): void {
    this.#database = database;
    this.#coordination = coordination;
    this.#outbox.use(coordination);
  }

  leads(leads: boolean): void {
    this.#leads = leads;
    if (leads) return;
    void this.#outbox.recordAll(); // a leader does at each look
    this.#samples = [];
    this.#isUnread = false; // the next leader looks
  }

  /**
   * What this instance has just seen of the database's clock. Times that are kept here move along with it, so that none lies in the
   * future; a jump is told at once, by whichever instance sees it. Never throws.
   */
  clockIs(clock: ClockState, now: number): void {
    this.#clock = clock;
    if (Math.abs(clock.movedMs) >= 1_000) this.#move(clock.movedMs);
    const [jump] = clockWrong({ clock, host: this.#options.host });
    if (clock.isNew && jump !== undefined) void this.#raise(jump, now);
    this.#lookAtLog(now);
  }

  /** A log that cannot be written cannot say so. */
  #lookAtLog(now: number): void {
    const trouble = this.#options.logTrouble?.();
    if (trouble === this.#logTrouble) return;
    this.#logTrouble = trouble;
    const message = trouble && `Lines of the log are lost (${trouble}); the runs go on.`;
    this.#hereIs('log_lost', message, 'The log can be written again.', now);
  }

  #move(ms: number): void {
    this.#watchedAt += ms;
    this.#samples = this.#samples.map(sample => ({ ...sample, at: sample.at + ms }));
    for (const told of this.#told.values()) {
      told.since = new Date(told.since.getTime() + ms);
      told.toldAt += ms;
    }
    this.#failedUsers.move(ms);
    this.#outage.move(ms);
  }

  /** Looks at all rules: every 15 s, and at news, which may be over before that. An error here is logged, and stops nothing else. */
  async watch(now: number, isNews = false): Promise<void> {
    if (
      (!isNews && now - this.#watchedAt < INTERVAL_MS) ||
      this.#database === undefined ||
      this.#coordination === undefined
    )
      return;
    this.#watchedAt = now;
    try {
      await this.#watch(this.#database, this.#coordination, now);
    } catch (error) {
      this.#options.onError(error);
      if (!(error instanceof DatabaseError)) return;
      this.#isUnread = true;
      this.databaseIs(false, now, `it cannot be read: ${error.message}`);
    }
  }

  async #watch(database: RunReader, coordination: AlertDatabase, now: number) {
    const { limits } = this.#options;
    if (!this.#isUnread) await this.#outage.settle(coordination, now);
    for (const [rule, message] of this.#faults) void this.#raise(this.#findingHere(rule, message), now); // written now, reminded of later
    const { run, counted } = await latestRuns(database);
    const keepMs = Math.max(limits.throughputMinutes, limits.noProgressMinutes) * 60_000 * 2;
    this.#samples = this.#samples.filter(({ at, runId }) => runId === run?.runId && now - at <= keepMs);
    if (run !== undefined) this.#samples.push(sampleOf(run, now));
    const fires = await latestFires(coordination, this.#options.schedules);
    const findings = findingsOf(
      { now, run, counted, samples: this.#samples, fires, clock: this.#clock, host: this.#options.host },
      limits,
    );
    if (this.#isUnread) {
      this.#isUnread = false;
      this.databaseIs(true, now);
      await this.#outage.settle(coordination, now);
    }

    for (const finding of findings) {
      if (finding.isCovered) continue;
      await this.#raise(await this.#failedUsers.withReason(coordination, finding, counted, now), now);
    }
    for (const alert of await coordination.listAlerts(true, 1_000)) {
      if (!isOver(alert, findings) || (await this.#failedUsers.areLeft(coordination, alert, findings, now))) continue;
      await this.#close(alert, now);
    }
    await this.#outbox.recordAll();
    await this.#tellLeftOver(coordination, now);
  }

  /** What a processor that has died could not tell any more. */
  async #tellLeftOver(coordination: AlertDatabase, now: number): Promise<void> {
    for (const alert of await coordination.takeOverAlerts(this.#options.processor)) {
      const { alertId, openedAt, closedAt, toldAt } = alert;
      const state = closedAt !== null ? 'closed' : toldAt === null ? 'opened' : 'reminded';
      const until = toldAt === null && closedAt !== null ? closedAt : undefined; // told of neither: one notice says both
      this.#tell(state, alert, openedAt, now, alertId, until);
    }
  }

  /** Resolves when the database knows what has been told, or has refused to. */
  recorded(): Promise<void> {
    return this.#outbox.recordAll();
  }

  /**
   * Writes what is wrong, and tells of it where that is due. Where the database does not take it in time, because it is full, away or
   * refuses, it is sent all the same, and again after the reminder's time: an alert about the database must not depend on it.
   *
   *     told from here    the database answers                      it does not
   *     not yet           its outcome is told (`open`: nothing)     `opened` is told, and kept unwritten
   *     unwritten         written now; told again only to remind    `reminded`, after each reminder's time
   *     written           its outcome is told (`open`: nothing)     `reminded`, after each reminder's time
   */
  async #raise(finding: Finding, now: number): Promise<void> {
    const { reminderMinutes, onError, processor } = this.#options;
    const key = keyOf(finding);
    const told = this.#told.get(key);
    try {
      if (this.#coordination === undefined) throw new Error('there is no database yet');
      const openedAt = told?.isWritten === false ? told.since : null;
      const request = { ...finding, remindSeconds: Math.round(reminderMinutes * 60), openedAt, teller: processor };
      const { outcome, openedAt: since, alertId } = await within(WRITE_MS, this.#coordination.raiseAlert(request));
      const isTold = outcome === 'open' || (outcome === 'opened' && told?.isWritten === false);
      if (isTold && told?.isWritten === false && told.delivery) this.#outbox.isWritten(told.delivery, alertId);
      const delivery = isTold ? told?.delivery : this.#tell(outcome, finding, since, now, alertId);
      this.#told.set(key, { since, toldAt: isTold ? (told?.toldAt ?? now) : now, isWritten: true, delivery });
    } catch (error) {
      if (this.#coordination !== undefined) onError(error); // at the start of a service there is none, and that is no trouble
      if (told !== undefined && now - told.toldAt < reminderMinutes * 60_000) return;
      const since = told?.since ?? new Date(now);
      const delivery = this.#tell(told === undefined ? 'opened' : 'reminded', finding, since, now);
      this.#told.set(key, { since, toldAt: now, isWritten: told?.isWritten ?? false, delivery });
    }
  }

  async #close(alert: Pick<Alert, 'rule' | 'subject'>, now: number): Promise<void> {
    const closed = await this.#coordination?.closeAlert(alert.rule, alert.subject, this.#options.processor);
    this.#told.delete(keyOf(alert));
    if (closed !== undefined) this.#tellClosed(closed, now);
  }

  /** Tells that an alert is over, once, where this processor is to: not while another has its opening to tell. */
  #tellClosed(closed: ClosedAlert, now: number): void {
    const { alertId, teller, openedAt } = closed;
    if (teller !== this.#options.processor || this.#outbox.tellsEndOf(alertId)) return;
    this.#tell('closed', closed, openedAt, now, alertId);
  }

  /** The engine of this machine cannot be loaded, or (undefined) can be. Told at once, by whichever instance meets it. Never throws. */
  engineIs(fault: string | undefined, now: number): void {
    const message = fault && `The engine cannot be loaded, and no run is opened: ${fault}`;
    this.#hereIs('engine_unusable', message, 'The engine can be loaded again.', now);
  }

  #hereIs(rule: RuleOfMachine, message: string | undefined, over: string, now: number): void {
    const before = this.#faults.get(rule);
    if (message !== undefined) {
      this.#faults.set(rule, message);
      void this.#raise(this.#findingHere(rule, message), now);
      return;
    }
    this.#faults.delete(rule);
    if (before === undefined && this.#coordination === undefined) return;
    const about = this.#findingHere(rule, over);
    const since = this.#told.get(keyOf(about))?.since;
    void this.#close(about, now).catch(error => {
      this.#logTrouble = null; // at the next beat the log is looked at again
      this.#options.onError(error);
    });
    if (this.#coordination === undefined && since !== undefined) this.#tell('closed', about, since, now);
  }

  #findingHere(rule: RuleOfMachine, message: string): Finding {
    return { rule, subject: this.#options.host, severity: OF_ONE_MACHINE[rule], message };
  }

  /** Each call of the database reports its result; only the leader, or a processor that has never reached the database, notifies. */
  databaseIs(up: boolean, now: number, message = ''): void {
    if (!up) this.#outage.goesOn(now, message, this.#leads);
    else if (!this.#isUnread) this.#outage.ends(this.#coordination, now); // else a bid was answered, but the rules cannot be read
  }

  #tell(
    state: Notice['state'],
    about: Omit<Finding, 'rule'> & { rule: string },
    since: Date,
    now: number,
    alertId?: number,
    until?: Date,
  ): Delivery {
    const { rule, subject, severity, message } = about;
    const { host, dashboardUrl } = this.#options;
    const look = about.look ?? lookOf(rule, subject);
    const database = this.#database?.description;
    const link = dashboardUrl === undefined ? undefined : linkOf(dashboardUrl, subject);
    const notice = {
      state,
      rule,
      subject,
      severity,
      message,
      since,
      until,
      at: new Date(now),
      look,
      database,
      host,
      link,
    };
    return this.#outbox.tell(notice, alertId);
  }
}

const keyOf = ({ rule, subject }: Pick<Alert, 'rule' | 'subject'>): string => `${rule}\n${subject}`;

/** Throws where the answer does not come in time; the work itself goes on. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`the database has not taken the alert within ${milliseconds} ms`)),
    milliseconds,
  );
  work.catch(() => {}); // late, it concerns no caller
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What each machine says of itself, and how bad it is: the leader knows nothing of it. */
const OF_ONE_MACHINE = { engine_unusable: 'critical', log_lost: 'warning' } as const;
type RuleOfMachine = keyof typeof OF_ONE_MACHINE;

/** An alert of a rule of ours that is not broken any more. */
function isOver({ rule, subject }: Alert, findings: readonly Finding[]): boolean {
  return (
    rule in RULES &&
    !(rule in OF_ONE_MACHINE) &&
    !findings.some(finding => finding.rule === rule && finding.subject === subject)
  );
}
