/**
 * Where an engine comes from, in a form that can be sent to a worker thread: each thread creates its own.
 */
export interface EngineSource {
  /** The built-in engine's catalogue: a path. */
  readonly catalogPath: string;
  /** The largest monthly amount that is believed, in paise. */
  readonly maxMonthlySpend: number;
}
