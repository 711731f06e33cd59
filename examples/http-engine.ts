/**
 * An engine that answers from an HTTP service. Set CARDGENIUS_ENGINE_URL, and name it in cron.config.ts:
 * engine: './examples/http-engine.ts'.
 *
 *   GET  /engine     → { name, version, cards: [{ name, joiningFees, redemptionMethod, redemptionRate }] }
 *   POST /recommend  ← { spends: { amazon, … }, confirmed }, whole paise
 *                    → { rows: [{ card, yearly, extra, points: { amazon, … } }] }, ten of them, best first
 *
 * Eight calls are under way in each worker thread, so eight times `workers` in all. Each has two seconds; what the service
 * refuses with a 422 is not asked again, everything else is, twice.
 */
import { defineEngine, type EngineCard, type EngineRow, UserRejected } from 'cardgenius-batch';

const CALLS_AT_ONCE = 8;
const CALL_MS = 2_000;

const base = process.env.CARDGENIUS_ENGINE_URL ?? 'http://127.0.0.1:8080';

/** Asked once a thread: cards, name and version decide the run's fingerprint, so that a new version starts a new run. */
const about = await fetch(`${base}/engine`, { signal: AbortSignal.timeout(CALL_MS) }).catch((error: Error) => {
  throw new Error(`the service at ${base} does not answer (${error.message}); set CARDGENIUS_ENGINE_URL`);
});
if (!about.ok) throw new Error(`the service at ${base} says ${about.status} to GET /engine`);
const service = (await about.json()) as { name: string; version: string; cards: EngineCard[] };

export default defineEngine({
  name: service.name,
  version: service.version,
  cards: service.cards,
  concurrency: CALLS_AT_ONCE,
  create: () => ({
    async recommend(user, { signal }) {
      const response = await fetch(`${base}/recommend`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(user),
        signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]),
      });
      if (response.status === 422) throw new UserRejected(await response.text());
      if (!response.ok) {
        await response.body?.cancel(); // or the connection is not free for the next call
        throw new Error(`the service says ${response.status}`);
      }
      const { rows } = (await response.json()) as { rows: EngineRow[] };
      return rows;
    },
  }),
});
