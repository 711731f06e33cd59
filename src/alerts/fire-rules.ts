/** The rules on the slots of schedules. */
import type { Finding, Snapshot } from './finding.ts';
import { waitsSincePause } from './run-rules.ts';

export function* missedFires({ fires }: Snapshot): Generator<Finding> {
  for (const { schedule, plannedAt, decision, note, runId } of fires) {
    if (decision !== 'skipped' && decision !== 'caught_up') continue;
    const then = decision === 'skipped' ? 'skipped' : `caught up by run ${runId}`;
    const message = `The fire of ${schedule} at ${plannedAt.toISOString()} was missed, and ${then}: ${note ?? ''}.`;
    yield { rule: 'fire_missed', subject: schedule, severity: 'warning', message };
  }
}

/** Slots that opened no run: each is an alert of its own, until a processor works on its paused run, or that is over, or a later run is opened. */
export function* lostFires({ fires, run, samples }: Snapshot): Generator<Finding> {
  for (const { schedule, plannedAt, decidedAt, decision, note, runId, runState } of fires) {
    const slot = plannedAt.toISOString();
    const subject = `${schedule}, ${slot}`;
    const waits = runId === run?.runId && waitsSincePause({ run, samples });
    if (decision === 'held' && (runState === 'paused' || waits)) {
      const why = waits
        ? `run ${runId} was paused, and no processor has worked on it since`
        : (note ?? `run ${runId} is paused`).replace(/\.$/, '');
      const message = `The fire of ${schedule} at ${slot} opened no run: ${why}. Its users wait.`;
      yield { rule: 'fire_held', subject, severity: 'critical', message };
    } else if (decision === 'not_opened' && !(run !== undefined && run.startedAt > decidedAt)) {
      const message = `The fire of ${schedule} at ${slot} opened no run: ${note ?? 'the engine could not be loaded'}`;
      yield { rule: 'fire_not_opened', subject, severity: 'critical', message };
    }
  }
}

/** What the latest comparison with the API says; one that could not be made does not end what the one before it said. */
export function* parity({ fires }: Snapshot): Generator<Finding> {
  for (const { schedule, plannedAt, decision, note } of fires) {
    const check = `The check of ${schedule} at ${plannedAt.toISOString()}`;
    if (decision === 'differed') {
      const message = `${check} finds our cards and the API’s too far apart: ${note ?? ''}`;
      yield { rule: 'parity_low', subject: schedule, severity: 'critical', message };
    } else if (decision === 'unchecked') {
      const message = `${check} could not be made: ${note ?? ''}`;
      yield { rule: 'parity_unchecked', subject: schedule, severity: 'warning', message };
    }
  }
}
