import { CardGeniusError } from '../../model/errors.ts';
import { refuseNewer } from './migrate.ts';
import type { AppliedFiles } from './target.ts';

/** How often a processor that works looks whether the schema is still one that it knows. */
const LOOK_EVERY_MS = 10_000;

/**
 * For a processor that is at work while the database is upgraded. As soon as a newer program has recorded a breaking change, `signal` is
 * aborted: the processor gives back what is in flight, as at a stop, and `check` throws SCHEMA_TOO_NEW, which says why. A look that fails
 * (the database is away) decides nothing.
 */
export class SchemaWatch implements Disposable {
  readonly #target: Pick<AppliedFiles, 'dialect' | 'appliedFiles'>;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #looks = false;

  constructor(target: Pick<AppliedFiles, 'dialect' | 'appliedFiles'>, everyMs = LOOK_EVERY_MS) {
    this.#target = target;
    this.#timer = setInterval(() => void this.look(), everyMs);
    this.#timer.unref();
  }

  /** Aborted with the error SCHEMA_TOO_NEW. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Looks now; the timer calls it. Never throws. */
  async look(): Promise<void> {
    if (this.#looks || this.signal.aborted) return;
    this.#looks = true;
    try {
      await refuseNewer(this.#target);
    } catch (error) {
      if (error instanceof CardGeniusError && error.code === 'SCHEMA_TOO_NEW') this.#controller.abort(error);
    } finally {
      this.#looks = false;
    }
  }

  /** Throws SCHEMA_TOO_NEW where a look has found such a schema. */
  check(): void {
    this.signal.throwIfAborted();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
