/** What `/livez` and `/readyz` say, on the port for health and on that of the dashboard. Neither holds data. */
export interface HealthAnswer {
  readonly status: 200 | 503;
  readonly body: { readonly status: string; readonly reasons: readonly { check: 'database'; code: string }[] };
}

/** `/livez`, while the process turns over. */
export const ALIVE: HealthAnswer = { status: 200, body: { status: 'ok', reasons: [] } };

/** `/readyz`: 200 while the database answers, 503 with the code of what is wrong with it. */
export function readiness(trouble: string | undefined): HealthAnswer {
  if (trouble === undefined) return ALIVE;
  return { status: 503, body: { status: 'not ready', reasons: [{ check: 'database', code: trouble }] } };
}
