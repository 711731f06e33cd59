import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { errorOf } from '../../model/errors.ts';

/** How long what an engine has left running may still throw after its last answer. */
const LAST_MS = 50;

/**
 * What an engine does beside its answers while the kit runs: a promise that it rejects and no code handles, a throw in a timer, an end of the
 * process. In a run the first two end the worker thread, and the last fails its user.
 */
export class KitStrays implements Disposable {
  readonly #found: string[] = [];
  #at = 'create()';

  constructor() {
    process.on('unhandledRejection', this.#onRejection);
    process.on('uncaughtException', this.#onThrow);
    process.on('exit', this.#onExit);
  }

  /** What the kit is at now. */
  at(what: string): void {
    this.#at = what;
  }

  /** The first of them in a sentence; undefined where there is none. */
  async first(): Promise<string | undefined> {
    await setTimeout(LAST_MS);
    const [first] = this.#found;
    return first && `beside its answers, ${first}; in a run that ends the thread, and its users are computed again`;
  }

  [Symbol.dispose](): void {
    process.off('unhandledRejection', this.#onRejection);
    process.off('uncaughtException', this.#onThrow);
    process.off('exit', this.#onExit);
  }

  readonly #onRejection = (reason: unknown) => {
    this.#found.push(`a promise was rejected that no code handles: ${errorOf(reason).message}`);
  };

  readonly #onThrow = (error: unknown) => {
    this.#found.push(`code outside of any call threw: ${errorOf(error).message}`);
  };

  /** Exit code 0 would tell a build that all is well. */
  readonly #onExit = (code: number) => {
    process.exitCode = code || 1;
    writeSync(
      2,
      `${this.#at}: the engine has ended the process (process.exit, code ${code}), and the kit with it: it is not fit for the batch. ` +
        'In a run this user fails with ENGINE_CRASHED.\n',
    );
  };
}
