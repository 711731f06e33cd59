/** How many clients are counted apart; more at once are an attack, and share one count. */
const MAX_CLIENTS = 10_000;

/** Requests a minute from a client: those above the limit are refused. Clients are forgotten with their minute. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #now: () => number;
  #counts = new Map<string, number>();
  #minute = 0;

  constructor(perMinute: number, now: () => number = Date.now) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  allows(client: string): boolean {
    const minute = Math.floor(this.#now() / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#counts = new Map();
    }
    const key = this.#counts.size < MAX_CLIENTS || this.#counts.has(client) ? client : '';
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count <= this.#perMinute;
  }
}
