import type { Finding, Limits, RuleName, Snapshot } from './finding.ts';
import { lostFires, missedFires, parity } from './fire-rules.ts';
import { ON_RUN } from './run-rules.ts';

/** Slots are due by the database's clock: where it jumps or is far from this machine's, one of the two is wrong. */
export function* clockWrong({ clock, host }: Pick<Snapshot, 'clock' | 'host'>): Generator<Finding> {
  if (clock === undefined) return;
  const { jumpMs, apartMs } = clock;
  const about = { rule: 'clock_wrong', subject: 'database', severity: 'critical' } as const;
  if (jumpMs !== undefined && jumpMs > 0) {
    const message = `The database’s clock has jumped ${span(jumpMs)} ahead, as ${host} sees it (or ${host} was suspended). No slot is decided for five minutes; a time that still holds then is believed. Where it is wrong, put it right.`;
    yield { ...about, message };
  } else if (jumpMs !== undefined) {
    const message = `The database’s clock was set back by ${span(jumpMs)}, as ${host} sees it. Slots that were decided in what is now the future are decided anew${clock.apartMs === 0 ? '' : `, once its clock agrees with that of ${host}`}. Where this time is wrong, put it right.`;
    yield { ...about, message };
  } else if (apartMs !== 0) {
    const message = `The database’s clock is ${span(apartMs)} ${apartMs > 0 ? 'ahead of' : 'behind'} that of ${host}. Slots are due by the database’s. Put right the one that is wrong.`;
    yield { ...about, message };
  }
}

/** `40 d`, `3 h 5 min`, `2 min`. */
function span(milliseconds: number): string {
  const whole = Math.round(Math.abs(milliseconds) / 60_000);
  const [days, hours, minutes] = [Math.floor(whole / 1_440), Math.floor(whole / 60) % 24, whole % 60];
  const parts = [days > 0 && `${days} d`, hours > 0 && `${hours} h`, minutes > 0 && `${minutes} min`];
  return parts.filter(part => part !== false).join(' ');
}

/** Everything that is wrong now. Pure: the same snapshot, the same findings. */
export function findingsOf(snapshot: Snapshot, limits: Limits): Finding[] {
  const onRun = ON_RUN.map(rule => rule(snapshot, limits)).filter(found => found !== undefined);
  return [
    ...oneForACause(onRun, snapshot),
    ...missedFires(snapshot),
    ...lostFires(snapshot),
    ...parity(snapshot),
    ...clockWrong(snapshot),
  ];
}

/** Two alerts for one cause are one: the first of these rules tells it, at the worse severity of both. */
function oneForACause(found: readonly Finding[], { run }: Snapshot): Finding[] {
  const causes: (readonly [RuleName, RuleName])[] = [
    ['error_rate', 'users_failed'], // the share says what the count would
    ['no_progress', 'low_throughput'],
    ['no_progress', 'deadline_at_risk'],
    ['deadline_at_risk', 'low_throughput'],
  ];
  // The gate was shut by the failed users: its reason has their share, and the commonest code.
  if (run?.reason?.startsWith('GATE_FAILED_SHARE')) causes.unshift(['run_paused', 'error_rate']);
  const findings = new Map(found.map(one => [one.rule, one]));
  for (const [rule, covered] of causes) {
    const [told, other] = [findings.get(rule), findings.get(covered)];
    if (told === undefined || other === undefined) continue;
    if (other.severity === 'critical') findings.set(rule, { ...told, severity: 'critical' });
    findings.set(covered, { ...other, isCovered: true });
  }
  return [...findings.values()];
}
