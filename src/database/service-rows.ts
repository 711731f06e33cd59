/** What the procedures of the service answer, column by column: see rows.ts. */
import type { RunState } from '../model/run.ts';
import type {
  Alert,
  Fire,
  FireAnswer,
  FireDecision,
  Leadership,
  ScheduleState,
  SeenProcessor,
  Severity,
} from '../model/service.ts';

export interface FireAnswerRow {
  readonly outcome: FireAnswer['outcome'];
  readonly decision: FireDecision;
  readonly run_id: number | string | null;
  readonly superseded_id: number | string | null;
}

export function toFireAnswer({ outcome, decision, run_id, superseded_id }: FireAnswerRow): FireAnswer {
  const numberOf = (id: number | string | null) => (id === null ? null : Number(id));
  return { outcome, decision, runId: numberOf(run_id), supersededId: numberOf(superseded_id) };
}

export interface FireRow {
  readonly schedule: string;
  readonly planned_at: Date;
  readonly decision: FireDecision;
  readonly decided_at: Date;
  readonly decided_by: string;
  readonly run_id: number | null;
  readonly note: string | null;
  readonly run_state: RunState | null;
  readonly run_finished_at: Date | null;
}

export function toFire(row: FireRow): Fire {
  return {
    schedule: row.schedule,
    plannedAt: row.planned_at,
    decision: row.decision,
    decidedAt: row.decided_at,
    decidedBy: row.decided_by,
    runId: row.run_id,
    note: row.note,
    runState: row.run_state,
    runFinishedAt: row.run_finished_at,
  };
}

export interface ScheduleRow {
  readonly known_since: Date;
  readonly last_planned: Date | null;
}

export function toScheduleState({ known_since, last_planned }: ScheduleRow): ScheduleState {
  return { knownSince: known_since, lastPlanned: last_planned };
}

export interface LeaderRow {
  readonly owner: string;
  readonly elected_at: Date;
  readonly lease_until: Date;
  readonly now_at: Date;
}

export function toLeadership({ owner, elected_at, lease_until, now_at }: LeaderRow): Leadership {
  return { owner, electedAt: elected_at, leaseUntil: lease_until, now: now_at };
}

export interface ProcessorRow {
  readonly processor_id: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly started_at: Date;
  readonly last_seen: Date;
  readonly stopped_at: Date | null;
  readonly silent_seconds: number;
  readonly leads: boolean;
}

export function toSeenProcessor(row: ProcessorRow): SeenProcessor {
  const { processor_id, started_at, last_seen, stopped_at, silent_seconds, ...rest } = row;
  return {
    id: processor_id,
    startedAt: started_at,
    lastSeen: last_seen,
    stoppedAt: stopped_at,
    silentSeconds: silent_seconds,
    ...rest,
  };
}

export interface RaisedRow {
  readonly outcome: 'opened' | 'reminded' | 'open';
  readonly opened_at: Date;
}

export interface AlertRow {
  readonly rule: string;
  readonly subject: string;
  readonly severity: Severity;
  readonly message: string;
  readonly opened_at: Date;
  readonly closed_at: Date | null;
}

export function toAlert({ opened_at, closed_at, ...rest }: AlertRow): Alert {
  return { ...rest, openedAt: opened_at, closedAt: closed_at };
}
