/** One answer for all who ask within a while: fifty open pages are one question to the database. A failure is not kept. */
export class Shared<T> {
  readonly #ask: () => Promise<T>;
  readonly #keepMs: number;
  #answer: Promise<T> | undefined;
  #until = 0;

  constructor(ask: () => Promise<T>, keepMs: number) {
    this.#ask = ask;
    this.#keepMs = keepMs;
  }

  get(): Promise<T> {
    if (this.#answer === undefined || Date.now() >= this.#until) {
      this.#until = Date.now() + this.#keepMs;
      const answer = this.#ask();
      this.#answer = answer;
      answer.catch(() => {
        if (this.#answer === answer) this.#answer = undefined;
      });
    }
    return this.#answer;
  }

  forget(): void {
    this.#answer = undefined;
  }
}
