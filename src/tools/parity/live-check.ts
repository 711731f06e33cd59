/** The check of a schedule of kind `parity`: a sample of users against the live API, as a verdict for the ledger. */
import type { Engine } from '../../engine/engine.ts';
import { CardGeniusError, messageOf } from '../../model/errors.ts';
import type { ParityVerdict } from '../../model/service.ts';
import type { Spending } from '../../model/spending.ts';
import type { ApiClient } from '../api/client.ts';
import { apiRequest } from '../api/request.ts';
import { ApiCases } from './api-cases.ts';
import { CardMatch } from './card-match.ts';
import { type OurCatalog, sixOf } from './ours.ts';
import { Comparison } from './parity.ts';
import type { ParityReport } from './report.ts';

/** The share of users with everything matching, below which an alert is raised. */
const THRESHOLD = 0.95;
/** How much an amount may differ, in paise: as `cardgenius parity` has it by default. */
const TOLERANCE = 1;

export interface LiveCheck {
  readonly client: Pick<ApiClient, 'ask'>;
  readonly users: () => Promise<readonly Spending[]>;
  readonly engine: Engine;
  /** Undefined for an engine of one's own. */
  readonly catalog: OurCatalog | undefined;
  readonly signal: AbortSignal;
}

/**
 * Asks for each user, compares, and says what came of it. Never throws: what stops it is the note of `unchecked`. Causes are not looked
 * for, because that may take the leader's thread for minutes; `cardgenius parity` shows them.
 */
export async function checkLive({ client, users, engine, catalog, signal }: LiveCheck): Promise<ParityVerdict> {
  try {
    const match = new CardMatch(catalog?.cards ?? [], catalog === undefined ? engine.cards.map(card => card.name) : []);
    const cases = new ApiCases(engine, match, catalog);
    const comparison = new Comparison({
      tolerance: TOLERANCE,
      threshold: THRESHOLD,
      catalog: undefined, // no causes
      match,
      hasAllCards: catalog !== undefined,
    });
    for (const { userId, amounts } of await users()) {
      signal.throwIfAborted();
      const answer = await client.ask(userId, apiRequest(sixOf(amounts)));
      const each = 'problem' in answer ? { userId, leftOut: answer.problem } : await cases.caseOf(answer);
      if ('leftOut' in each) comparison.leaveOut(each);
      else comparison.add(each);
    }
    return verdictOf(comparison.report());
  } catch (error) {
    const code = error instanceof CardGeniusError ? `${error.code}: ` : '';
    return { decision: 'unchecked', note: `${code}${messageOf(error)}` };
  }
}

function verdictOf(report: ParityReport): ParityVerdict {
  const { users, leftOut, usersMatching, measures, unknownCards, passed } = report;
  const out = leftOut.reduce((sum, { users: count }) => sum + count, 0);
  if (users === 0) {
    const [first] = leftOut;
    const why = first === undefined ? 'no user has recommendations yet' : `${first.why} (${first.example})`;
    return { decision: 'unchecked', note: `No user can be compared: ${why}.` };
  }
  const missed = measures.filter(({ met }) => !met).map(({ name, share }) => `${name} ${percent(share)}`);
  const note = [
    `${usersMatching} of ${users + out} users agree with the API in everything`,
    ...(out === 0 ? [] : [`${out} could not be compared`]),
    ...(unknownCards.length === 0 ? [] : [`cards that the catalogue lacks: ${unknownCards.length}`]),
    ...(missed.length === 0 ? [] : [`too low: ${missed.join(', ')}`]),
  ].join('; ');
  return { decision: passed ? 'agreed' : 'differed', note: `${note}.` };
}

/** Rounded down: what is too low never reads as enough. */
const percent = (share: number) => `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`;
