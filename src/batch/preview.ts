/** What a run over all users would change: computed and compared with what is stored, without a run and without a write. */
import { availableParallelism } from 'node:os';
import type { ExchangeDatabase } from '../database/exchange.ts';
import type { LoadedEngine } from '../engine/image.ts';
import type { RecommendationRow } from '../model/contract.ts';
import {
  CARDS_PER_USER,
  pointsOf,
  type RecommendationSlice,
  type RunCard,
  type UserFailure,
} from '../model/recommendation.ts';
import { type CommonestFailure, FailureTally } from './failure-tally.ts';
import { type GateLimits, leastKnown, MIN_USERS } from './gates.ts';
import { userPages } from './user-pages.ts';
import { WorkerPool } from './worker-pool.ts';

export interface Preview {
  /** Users who are new, pending or completed; the others are taken by no run. */
  readonly users: number;
  readonly leftOut: number;
  readonly completed: number;
  readonly failed: number;
  readonly commonestFailure: CommonestFailure<NamedFailure> | undefined;
  /** The first of them, MOST_FAILED at most. */
  readonly failedUsers: readonly NamedFailure[];
  readonly rowsWritten: number;
  readonly rowsUnchanged: number;
  /** Users who have a first card, and of them those who would be given another one. */
  readonly known: number;
  readonly firstCardsChanged: number;
  /** From one first card to another, and for how many users; the commonest first. */
  readonly moves: readonly { readonly from: string; readonly to: string; readonly users: number }[];
  readonly gates: readonly GateOutlook[];
}

/** `userNo` counts within a page, and tells a reader nothing. */
export type NamedFailure = UserFailure & { readonly userId: string };

/** How many failed users are kept one by one. */
const MOST_FAILED = 100;

export interface GateOutlook {
  readonly code: 'GATE_FAILED_SHARE' | 'GATE_FIRST_CARDS';
  readonly share: number;
  readonly limit: number;
  readonly wouldShut: boolean;
}

type PreviewLimits = Pick<GateLimits, 'maxFailedShare' | 'maxFirstCardChangedShare'>;

/** `onUsers`: how many users are done. */
export async function previewAll(
  database: Pick<ExchangeDatabase, 'listSpending' | 'listRecommendations'>,
  engine: LoadedEngine,
  {
    limits,
    workers = availableParallelism(),
    onUsers = () => {},
  }: {
    readonly limits: PreviewLimits;
    readonly workers?: number | undefined;
    readonly onUsers?: (users: number) => void;
  },
): Promise<Preview> {
  const tally = new PreviewTally(engine.cards);
  const pool = new WorkerPool(workers, engine.image);
  try {
    for await (const { ids, slice, after, last, leftOut } of userPages(database, isTaken)) {
      tally.leftOut += leftOut;
      const [stored, answers] = await Promise.all([
        database.listRecommendations(after, last),
        pool.compute(slice, () => {}),
      ]);
      const rows = Map.groupBy(stored, row => row.userId);
      for (const answer of answers) tally.add(answer, ids, rows);
      onUsers(tally.users);
    }
  } finally {
    await pool.close();
  }
  return tally.result(limits);
}

const isTaken = (status: string | null) => status === 'new' || status === 'pending' || status === 'completed';

class PreviewTally {
  readonly #cards: readonly RunCard[];
  readonly #failures = new FailureTally<NamedFailure>();
  readonly #failedUsers: NamedFailure[] = [];
  readonly #moves = new Map<string, { from: string; to: string; users: number }>();
  leftOut = 0;
  #completed = 0;
  #failed = 0;
  #written = 0;
  #known = 0;
  #changed = 0;

  constructor(cards: readonly RunCard[]) {
    this.#cards = cards;
  }

  get users(): number {
    return this.#completed + this.#failed;
  }

  add(
    answer: RecommendationSlice,
    ids: readonly string[],
    stored: ReadonlyMap<string, readonly RecommendationRow[]>,
  ): void {
    const failures = answer.failures.map(failure => ({ ...failure, userId: ids[failure.userNo]! }));
    this.#failures.add(failures);
    this.#failedUsers.push(...failures.slice(0, MOST_FAILED - this.#failedUsers.length));
    this.#failed += answer.failures.length;
    this.#completed += answer.userNo.length;
    for (const [i, userNo] of answer.userNo.entries()) {
      const before = stored.get(ids[userNo]!) ?? [];
      const byRank = new Map(before.map(row => [row.rank, row]));
      for (let place = 0; place < CARDS_PER_USER; place++) {
        const old = byRank.get(place + 1);
        if (old === undefined || !this.#isSame(answer, i * CARDS_PER_USER + place, old)) this.#written++;
      }
      this.#addFirst(byRank.get(1)?.cardName, this.#cards[answer.cardNo[i * CARDS_PER_USER]!]!.name);
    }
  }

  #addFirst(from: string | undefined, to: string): void {
    if (from === undefined) return;
    this.#known++;
    if (from === to) return;
    this.#changed++;
    const key = `${from}\n${to}`;
    const found = this.#moves.get(key) ?? { from, to, users: 0 };
    found.users++;
    this.#moves.set(key, found);
  }

  #isSame(answer: RecommendationSlice, r: number, old: RecommendationRow): boolean {
    const card = this.#cards[answer.cardNo[r]!]!;
    const total = answer.cardNo.length;
    return (
      old.cardName === card.name &&
      old.totalSavingsYearly === answer.yearly[r] &&
      old.totalExtraBenefits === answer.extra[r] &&
      old.joiningFees === card.joiningFees &&
      old.redemptionMethod === card.redemptionMethod &&
      old.redemptionRate === card.redemptionRate &&
      pointsOf(old).every((points, c) => points === answer.points[c * total + r])
    );
  }

  result(limits: PreviewLimits): Preview {
    return {
      users: this.users,
      leftOut: this.leftOut,
      completed: this.#completed,
      failed: this.#failed,
      commonestFailure: this.#failures.commonest,
      failedUsers: this.#failedUsers,
      rowsWritten: this.#written,
      rowsUnchanged: this.#completed * CARDS_PER_USER - this.#written,
      known: this.#known,
      firstCardsChanged: this.#changed,
      moves: [...this.#moves.values()].sort((a, b) => b.users - a.users || (a.from < b.from ? -1 : 1)),
      gates: gatesFor({ users: this.users, failed: this.#failed, known: this.#known, changed: this.#changed }, limits),
    };
  }
}

/** By the rules of a run: what so many users would do to its gates, of whom `known` have a first card. */
export function gatesFor(
  { users, failed, known, changed }: Readonly<Record<'users' | 'failed' | 'known' | 'changed', number>>,
  { maxFailedShare, maxFirstCardChangedShare }: PreviewLimits,
): GateOutlook[] {
  const gate = (code: GateOutlook['code'], part: number, whole: number, limit: number, least: number) => {
    const share = whole === 0 ? 0 : part / whole;
    return { code, share, limit, wouldShut: whole >= least && share > limit };
  };
  return [
    gate('GATE_FAILED_SHARE', failed, users, maxFailedShare, MIN_USERS),
    gate('GATE_FIRST_CARDS', changed, known, maxFirstCardChangedShare, leastKnown(users)),
  ];
}
