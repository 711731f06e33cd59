import type {
  Alert,
  AlertRequest,
  ClosedAlert,
  CommonFailure,
  Fire,
  FireAnswer,
  FireRequest,
  Leadership,
  Processor,
  RaisedAlert,
  ScheduleState,
  SeenProcessor,
  StoredAlert,
} from '../model/service.ts';
import { runParameters } from './batch.ts';
import { callForRow, cut, type Driver, type Parameter } from './driver.ts';

/** What `cardgenius serve` needs: the ledger of fires, leadership, alerts. Each operation is the procedure of that name. */
export type CoordinationDatabase = ReturnType<typeof coordinationOperations>;

export const coordinationOperations = (driver: Driver) => ({
  /**
   * What the planner must know; a schedule that is new or was changed is known from now on. Where this machine's clock agrees with the
   * database's, slots that were decided in the future are forgotten.
   */
  seeSchedule(schedule: string, cron: string, timeZone: string, agrees = true): Promise<ScheduleState> {
    return callForRow(
      driver,
      'see_schedule',
      [
        ['schedule', 'nvarchar(100)', schedule],
        ['cron', 'varchar(200)', cron],
        ['time_zone', 'varchar(100)', timeZone],
        ['agrees', 'bit', agrees],
      ],
      'control',
    );
  },

  /** Decides a slot once in the fleet; where it opens a run, in the same transaction. */
  recordFire(request: FireRequest): Promise<FireAnswer> {
    return callForRow(driver, 'record_fire', [
      ['schedule', 'nvarchar(100)', request.schedule],
      ['planned_at', 'datetime', request.plannedAt],
      ['decision', 'varchar(10)', request.decision],
      ['note', 'nvarchar(400)', cut(request.note, 400)],
      ['decided_by', 'varchar(100)', request.decidedBy],
      ['elected_at', 'datetime', request.electedAt],
      ...runParameters(request.run),
      ['deadline_minutes', 'int', request.deadlineMinutes],
      ['person', 'nvarchar(200)', cut(request.by?.person, 200)],
      ['origin', 'varchar(10)', request.by?.origin ?? null],
    ]);
  },

  /** Why users of a run are failed now, looked for among the first 1,000 of them; undefined where none is. */
  async commonestFailure(runId: number): Promise<CommonFailure | undefined> {
    const [row] = await driver.call<CommonFailure>('commonest_failure', [['run_id', 'bigint', runId]]);
    return row;
  },

  /** Whether users of a run are still failed. */
  async hasFailed(runId: number): Promise<boolean> {
    return (await callForRow<{ failed: number }>(driver, 'has_failed', [['run_id', 'bigint', runId]])).failed === 1;
  },

  /** The latest slots, latest first; of all schedules where none is named. */
  listFires(schedule: string | null, fires: number): Promise<Fire[]> {
    return driver.call(
      'list_fires',
      [
        ['schedule', 'nvarchar(100)', schedule],
        ['fires', 'int', fires],
      ],
      'control',
    );
  },

  /** A sign of life, and a bid for the lead: answers who leads. */
  async lead(processor: Processor, leaseSeconds: number): Promise<Leadership> {
    const { nowAt, ...term } = await callForRow<Omit<Leadership, 'now'> & { nowAt: Date }>(
      driver,
      'lead',
      [...processorParameters(processor), ['lease_seconds', 'int', leaseSeconds]],
      'control',
    );
    return { ...term, now: nowAt };
  },

  /** A sign of life of a processor that does not ask to lead. */
  async seeProcessor(processor: Processor): Promise<void> {
    await driver.call('see_processor', processorParameters(processor), 'control');
  },

  /** The processor leaves, and with it ends its term. */
  async resign(processorId: string): Promise<void> {
    await driver.call('resign', [['processor', 'varchar(100)', processorId]], 'control');
  },

  /** Those seen last, first. */
  async listProcessors(processors: number): Promise<SeenProcessor[]> {
    const rows = await driver.call<Omit<SeenProcessor, 'id'> & { processorId: string }>(
      'list_processors',
      [['processors', 'int', processors]],
      'control',
    );
    return rows.map(({ processorId, ...rest }) => ({ id: processorId, ...rest }));
  },

  raiseAlert(request: AlertRequest): Promise<RaisedAlert> {
    return callForRow(
      driver,
      'raise_alert',
      [
        ['rule', 'varchar(50)', request.rule],
        ['subject', 'nvarchar(200)', request.subject],
        ['severity', 'varchar(10)', request.severity],
        ['message', 'nvarchar(1000)', cut(request.message, 1000)],
        ['remind_seconds', 'int', request.remindSeconds],
        ['opened_at', 'datetime', request.openedAt],
        ['teller', 'varchar(100)', request.teller],
      ],
      'control',
    );
  },

  /** The alert that this closed; undefined where none was open. It names `teller`, or another that has its opening still to tell. */
  async closeAlert(rule: string, subject: string, teller: string): Promise<ClosedAlert | undefined> {
    const [row] = await driver.call<ClosedAlert>(
      'close_alert',
      [
        ['rule', 'varchar(50)', rule],
        ['subject', 'nvarchar(200)', subject],
        ['teller', 'varchar(100)', teller],
      ],
      'control',
    );
    return row;
  },

  /** That an alert is open, or over, has been told. Answers it where it was closed meanwhile, and that is still to be told. */
  async recordTold(alertId: number, isOver: boolean): Promise<ClosedAlert | undefined> {
    const [row] = await driver.call<ClosedAlert>(
      'record_told',
      [
        ['alert_id', 'bigint', alertId],
        ['is_over', 'bit', isOver],
      ],
      'control',
    );
    return row;
  },

  /** Alerts of which a processor that has died left something to tell, the oldest first: from now on the caller tells it. */
  takeOverAlerts(processorId: string): Promise<(StoredAlert & { readonly toldAt: Date | null })[]> {
    return driver.call('take_over_alerts', [['processor', 'varchar(100)', processorId]], 'control');
  },

  listAlerts(openOnly: boolean, alerts: number): Promise<Alert[]> {
    return driver.call(
      'list_alerts',
      [
        ['open_only', 'bit', openOnly],
        ['alerts', 'int', alerts],
      ],
      'control',
    );
  },
});

const processorParameters = ({ id, host, pid, version }: Processor): Parameter[] => [
  ['processor', 'varchar(100)', id],
  ['host', 'nvarchar(200)', cut(host, 200)],
  ['pid', 'int', pid],
  ['version', 'varchar(50)', cut(version, 50)],
];
