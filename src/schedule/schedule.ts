import type { Secret } from '../model/secret.ts';
import type { Timing } from './slots.ts';

/** What to do about missed slots, and how far back they are caught up. */
export interface MisfirePolicy {
  readonly misfire: 'once' | 'skip' | 'all';
  readonly catchUpWindowMinutes: number;
}

/** A schedule as cron.config.ts has it. */
export interface PlannedSchedule extends Timing, MisfirePolicy {
  readonly name: string;
  readonly deadlineMinutes?: number | undefined;
  readonly userLimit?: number | undefined;
  /** `parity`: a slot compares with the API, and opens no run. */
  readonly kind?: 'run' | 'parity' | undefined;
  /** For kind `parity`: the API, and how many users are asked for. */
  readonly url?: Secret | undefined;
  readonly sample?: number | undefined;
}
