import sql from 'mssql';
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
import type { Pool } from './pools.ts';

const { BigInt: BIGINT, Bit: BIT, DateTime2, Int: INT, NVarChar, VarChar } = sql;

/** The service's operations on SQL Server: each is a call of the procedure of that name in sql/mssql. */
export class MssqlService implements ServiceDatabase {
  readonly #control: Pool;
  readonly #work: Pool;

  constructor({ control, work }: { control: Pool; work: Pool }) {
    this.#control = control;
    this.#work = work;
  }

  async seeSchedule(schedule: string, cron: string, timeZone: string): Promise<ScheduleState> {
    const row = await this.#control.callForRow<ScheduleRow>('see_schedule', [
      ['schedule', NVarChar(100), schedule],
      ['cron', VarChar(200), cron],
      ['time_zone', VarChar(100), timeZone],
    ]);
    return toScheduleState(row);
  }

  async recordFire(request: FireRequest): Promise<FireAnswer> {
    const { run } = request;
    const row = await this.#work.callForRow<FireAnswerRow>('record_fire', [
      ['schedule', NVarChar(100), request.schedule],
      ['planned_at', DateTime2(3), request.plannedAt],
      ['decision', VarChar(10), request.decision],
      ['note', NVarChar(400), request.note?.slice(0, 400) ?? null],
      ['decided_by', VarChar(100), request.decidedBy],
      ['elected_at', DateTime2(3), request.electedAt],
      ['kind', VarChar(10), run.kind],
      ['engine_name', VarChar(100), run.engineName],
      ['engine_version', VarChar(100), run.engineVersion],
      ['fingerprint', VarChar(64), run.fingerprint],
      ['cards', NVarChar(sql.MAX), cardsAsJson(run.cards)],
      ['chunk_size', INT, run.chunkSize],
      ['user_limit', BIGINT, run.userLimit],
      ['max_rounds', INT, run.maxRounds],
      ['deadline_minutes', INT, request.deadlineMinutes],
    ]);
    return toFireAnswer(row);
  }

  async listFires(schedule: string | null, fires: number): Promise<Fire[]> {
    const rows = await this.#control.call<FireRow>('list_fires', [
      ['schedule', NVarChar(100), schedule],
      ['fires', INT, fires],
    ]);
    return rows.map(toFire);
  }

  async lead({ id, host, pid, version }: Processor, leaseSeconds: number): Promise<Leadership> {
    const row = await this.#control.callForRow<LeaderRow>('lead', [
      ['processor', VarChar(100), id],
      ['host', NVarChar(200), host],
      ['pid', INT, pid],
      ['version', VarChar(50), version],
      ['lease_seconds', INT, leaseSeconds],
    ]);
    return toLeadership(row);
  }

  async seeProcessor({ id, host, pid, version }: Processor): Promise<void> {
    await this.#control.call('see_processor', [
      ['processor', VarChar(100), id],
      ['host', NVarChar(200), host],
      ['pid', INT, pid],
      ['version', VarChar(50), version],
    ]);
  }

  async resign(processorId: string): Promise<void> {
    await this.#control.call('resign', [['processor', VarChar(100), processorId]]);
  }

  async listProcessors(processors: number): Promise<SeenProcessor[]> {
    return (await this.#control.call<ProcessorRow>('list_processors', [['processors', INT, processors]])).map(
      toSeenProcessor,
    );
  }

  async raiseAlert(request: AlertRequest): Promise<{ outcome: 'opened' | 'reminded' | 'open'; openedAt: Date }> {
    const row = await this.#control.callForRow<RaisedRow>('raise_alert', [
      ['rule', VarChar(50), request.rule],
      ['subject', NVarChar(200), request.subject],
      ['severity', VarChar(10), request.severity],
      ['message', NVarChar(1000), request.message.slice(0, 1000)],
      ['remind_seconds', INT, request.remindSeconds],
      ['opened_at', DateTime2(3), request.openedAt],
    ]);
    return { outcome: row.outcome, openedAt: row.opened_at };
  }

  async closeAlert(rule: string, subject: string): Promise<Alert | undefined> {
    const [row] = await this.#control.call<AlertRow>('close_alert', [
      ['rule', VarChar(50), rule],
      ['subject', NVarChar(200), subject],
    ]);
    return row === undefined ? undefined : toAlert(row);
  }

  async listAlerts(openOnly: boolean, alerts: number): Promise<Alert[]> {
    const rows = await this.#control.call<AlertRow>('list_alerts', [
      ['open_only', BIT, openOnly],
      ['alerts', INT, alerts],
    ]);
    return rows.map(toAlert);
  }
}
