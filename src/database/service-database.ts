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
} from '../model/service.ts';

/**
 * The facet of the port that `cardgenius serve` needs: the ledger of fires, leadership, alerts. As in the port itself, each
 * operation is the stored procedure of that name, and may be repeated when an answer was lost.
 */
export interface ServiceDatabase {
  /** What the planner must know; a schedule that is new or was changed is known from now on. */
  seeSchedule(schedule: string, cron: string, timeZone: string): Promise<ScheduleState>;
  /** Decides a slot once in the fleet; where it opens a run, in the same transaction. */
  recordFire(request: FireRequest): Promise<FireAnswer>;
  /** The latest slots, latest first; of all schedules where none is named. */
  listFires(schedule: string | null, fires: number): Promise<Fire[]>;
  /** A sign of life, and a bid for the lead: answers who leads. */
  lead(processor: Processor, leaseSeconds: number): Promise<Leadership>;
  /** A sign of life of a processor that does not ask to lead. */
  seeProcessor(processor: Processor): Promise<void>;
  /** The processor leaves, and with it ends its term. */
  resign(processorId: string): Promise<void>;
  /** Those seen last, first. */
  listProcessors(processors: number): Promise<SeenProcessor[]>;
  /** `opened` and `reminded` are to be told to somebody; `open` is not. */
  raiseAlert(request: AlertRequest): Promise<{ outcome: 'opened' | 'reminded' | 'open'; openedAt: Date }>;
  /** The alert that this closed; undefined where none was open. */
  closeAlert(rule: string, subject: string): Promise<Alert | undefined>;
  listAlerts(openOnly: boolean, alerts: number): Promise<Alert[]>;
}
