/** Lets loops sleep until a time has passed, something has happened, or a signal is aborted. */
export class Waker {
  readonly #sleepers = new Set<() => void>();

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
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

  wakeAll(): void {
    for (const wake of this.#sleepers) wake();
  }
}
