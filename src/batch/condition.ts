/** Lets loops sleep until a time has passed, something has happened, or a signal is aborted. */
export class Condition {
  readonly #sleepers = new Set<() => void>();

  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    this.#sleepers.add(resolve);
    const onAbort = () => resolve();
    signal.addEventListener('abort', onAbort);
    await promise;
    signal.removeEventListener('abort', onAbort);
    clearTimeout(timer);
    this.#sleepers.delete(resolve);
  }

  notifyAll(): void {
    for (const wake of this.#sleepers) wake();
  }
}
