import type {
  Alert,
  AlertRequest,
  Fire,
  FireAnswer,
  FireRequest,
  Leadership,
  Processor,
  ScheduleState,
  SeenProcessor,
} from '../../model/service.ts';
import { cardsAsJson } from '../rows.ts';
import type { ServiceDatabase } from '../service-database.ts';
import {
  type AlertRow,
  type FireAnswerRow,
  type FireRow,
  type LeaderRow,
  type ProcessorRow,
  type RaisedRow,
  type ScheduleRow,
  toAlert,
  toFire,
  toFireAnswer,
  toLeadership,
  toScheduleState,
  toSeenProcessor,
} from '../service-rows.ts';
import type { Pglite } from './pglite.ts';

/** The service's operations on PostgreSQL: each is a call of the function of that name in sql/postgres. */
export class PostgresService implements ServiceDatabase {
  readonly #pglite: Pglite;

  constructor(pglite: Pglite) {
    this.#pglite = pglite;
  }

  async seeSchedule(schedule: string, cron: string, timeZone: string): Promise<ScheduleState> {
    const [row] = await this.#rows<ScheduleRow>('see_schedule', [schedule, cron, timeZone]);
    return toScheduleState(row!);
  }

  async recordFire(request: FireRequest): Promise<FireAnswer> {
    const { schedule, plannedAt, decision, note, decidedBy, electedAt, deadlineMinutes, run } = request;
    const [row] = await this.#rows<FireAnswerRow>('record_fire', [
      schedule,
      plannedAt,
      decision,
      note,
      decidedBy,
      electedAt,
      run.kind,
      run.engineName,
      run.engineVersion,
      run.fingerprint,
      cardsAsJson(run.cards),
      run.chunkSize,
      run.userLimit,
      run.maxRounds,
      deadlineMinutes,
    ]);
    return toFireAnswer(row!);
  }

  async listFires(schedule: string | null, fires: number): Promise<Fire[]> {
    return (await this.#rows<FireRow>('list_fires', [schedule, fires])).map(toFire);
  }

  async lead({ id, host, pid, version }: Processor, leaseSeconds: number): Promise<Leadership> {
    const [row] = await this.#rows<LeaderRow>('lead', [id, host, pid, version, leaseSeconds]);
    return toLeadership(row!);
  }

  async seeProcessor({ id, host, pid, version }: Processor): Promise<void> {
    await this.#rows('see_processor', [id, host, pid, version]);
  }

  async resign(processorId: string): Promise<void> {
    await this.#rows('resign', [processorId]);
  }

  async listProcessors(processors: number): Promise<SeenProcessor[]> {
    return (await this.#rows<ProcessorRow>('list_processors', [processors])).map(toSeenProcessor);
  }

  async raiseAlert(request: AlertRequest): Promise<{ outcome: 'opened' | 'reminded' | 'open'; openedAt: Date }> {
    const { rule, subject, severity, message, remindSeconds, openedAt } = request;
    const [row] = await this.#rows<RaisedRow>('raise_alert', [
      rule,
      subject,
      severity,
      message,
      remindSeconds,
      openedAt,
    ]);
    return { outcome: row!.outcome, openedAt: row!.opened_at };
  }

  async closeAlert(rule: string, subject: string): Promise<Alert | undefined> {
    const [row] = await this.#rows<AlertRow>('close_alert', [rule, subject]);
    return row === undefined ? undefined : toAlert(row);
  }

  async listAlerts(openOnly: boolean, alerts: number): Promise<Alert[]> {
    return (await this.#rows<AlertRow>('list_alerts', [openOnly, alerts])).map(toAlert);
  }

  async #rows<Row>(operation: string, params: readonly unknown[]): Promise<Row[]> {
    const places = params.map((_, index) => `$${index + 1}`).join(', ');
    return this.#pglite.query<Row>(`SELECT * FROM cardgenius.${operation}(${places})`, params);
  }
}
