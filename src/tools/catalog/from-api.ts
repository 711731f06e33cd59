/** Asks the live API what a catalogue needs: designed requests, then what a card still lacks, then some that are held out. */
import { CardGeniusError } from '../../model/errors.ts';
import { fitCard, rulesOf } from '../api/card-fit.ts';
import type { ApiClient } from '../api/client.ts';
import { Evidence } from '../api/evidence.ts';
import { type ApiRequest, KEYS } from '../api/request.ts';
import type { ApiAnswer, BrokenAnswer } from '../api/saved-answers.ts';
import type { CatalogOrigin } from '../api/to-catalog.ts';
import { designedRequests, heldOutRequests } from './designed-requests.ts';
import { type BuiltCatalog, buildCatalog } from './from-answers.ts';

/** How many calls one `catalog from-api` makes, repeated ones too. */
export const MAX_CALLS = 60;
const HELD_OUT = 20;
/** How many calls a second look is worth at least. */
const SECOND_LOOK = 6;

/** `client` should allow MAX_CALLS calls. Throws what the client throws, and FROM_API_FEW. */
export async function catalogFromApi(client: ApiClient, origin: CatalogOrigin): Promise<BuiltCatalog> {
  const evidence = new Evidence();
  const known = new Set<string>();
  let answers = 0;
  const ask = async (what: string, request: ApiRequest): Promise<ApiAnswer | BrokenAnswer> => {
    known.add(JSON.stringify(request));
    answers++;
    return await client.ask(`${what} ${answers}`, request);
  };
  // A request that the API refuses shows nothing; what it would have shown stays undetermined.
  const learn = (answer: ApiAnswer | BrokenAnswer) => {
    if (!('problem' in answer)) evidence.add(answer);
  };
  // Calls that failed and were repeated tell how many more answers the calls that are left are good for.
  const left = () =>
    Math.floor((MAX_CALLS - client.asked) / Math.max(1, client.asked / Math.max(1, answers - client.kept)));
  const askWanted = async (reserve: number) => {
    for (;;) {
      const request = left() > reserve ? mostWanted(evidence, known) : undefined;
      if (request === undefined) return;
      learn(await ask('asked for', request));
    }
  };
  const askHeldOut = async (requests: readonly ApiRequest[], least: number) => {
    const held: ApiAnswer[] = [];
    for (const request of requests) {
      try {
        const answer = await ask('held out', request);
        if (!('problem' in answer)) held.push(answer);
      } catch (error) {
        if (error instanceof CardGeniusError && error.code === 'API_BUDGET' && held.length >= least) break;
        throw error;
      }
    }
    return held;
  };
  for (const request of designedRequests()) learn(await ask('designed', request));
  await askWanted(HELD_OUT);
  const [first, second] = [
    heldOutRequests(2 * HELD_OUT).slice(0, HELD_OUT),
    heldOutRequests(2 * HELD_OUT).slice(HELD_OUT),
  ];
  const heldOut = await askHeldOut(first, HELD_OUT / 2);
  const built = buildCatalog(evidence, heldOut, origin);
  if (built.complete === built.cards.length || left() < SECOND_LOOK) return built;
  // What they showed is fitted on, too; then others have to be held out.
  for (const answer of heldOut) evidence.add(answer);
  await askWanted(SECOND_LOOK);
  if (left() < SECOND_LOOK) return built;
  return buildCatalog(evidence, await askHeldOut(second.slice(0, left()), SECOND_LOOK / 2), origin);
}

/** The request that most cards lack and that was not sent yet: one answer is for all cards at once. */
function mostWanted(evidence: Evidence, known: ReadonlySet<string>): ApiRequest | undefined {
  const rules = rulesOf(evidence);
  const wanted = new Map<string, number>();
  for (const card of evidence.cards.values()) {
    for (const { request } of fitCard(card, rules).gaps) {
      if (request === undefined) continue;
      const text = JSON.stringify(Object.fromEntries(KEYS.map(key => [key, request[key] ?? 0])));
      if (!known.has(text)) wanted.set(text, (wanted.get(text) ?? 0) + 1);
    }
  }
  const [best] = [...wanted].sort((a, b) => b[1] - a[1]);
  return best === undefined ? undefined : (JSON.parse(best[0]) as ApiRequest);
}
