/** For how many times as long as it took an answer is kept: expensive queries run less often. */
const DEAR = 20;

/** One answer for all callers within a while: fifty open pages are one question to the database. A failure is not kept. */
export class AnswerCache<T> {
  readonly #ask: () => Promise<T>;
  readonly #keepMs: number;
  #answer: Promise<T> | undefined;
  #until = 0;

  constructor(ask: () => Promise<T>, keepMs: number) {
    this.#ask = ask;
    this.#keepMs = keepMs;
  }

  get(): Promise<T> {
    if (this.#answer === undefined || performance.now() >= this.#until) {
      const askedAt = performance.now();
      const answer = this.#ask();
      this.#answer = answer;
      this.#until = Number.POSITIVE_INFINITY; // later callers wait for the same answer
      answer.then(
        () => {
          if (this.#answer !== answer) return;
          const now = performance.now();
          this.#until = now + Math.max(this.#keepMs, DEAR * (now - askedAt));
        },
        () => {
          if (this.#answer === answer) this.#answer = undefined;
        },
      );
    }
    return this.#answer;
  }

  forget(): void {
    this.#answer = undefined;
  }
}
