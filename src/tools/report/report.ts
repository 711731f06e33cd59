/** What the users have: which cards, what they are worth, and what the last run changed. */
import type { CardShare, HistoryDatabase, UserFigures } from '../../database/history.ts';
import { group, percentOf } from '../../model/format.ts';
import { formatRupees } from '../../model/money.ts';
import type { RunProgress } from '../../model/run.ts';

export interface Report {
  readonly database: string;
  readonly at: Date;
  readonly users: UserFigures;
  /** The most frequent first card first. */
  readonly cards: readonly CardShare[];
  /** The last closed run that computed users, and the one before it; null where there is none. */
  readonly lastRun: RunFigures | null;
  readonly runBefore: RunFigures | null;
}

export interface RunFigures {
  readonly runId: number;
  readonly state: RunProgress['state'];
  readonly finishedAt: Date;
  readonly completed: number;
  readonly failed: number;
  /** Rows of card_recommendations that are others than before it, and those that stayed. */
  readonly rowsWritten: number;
  readonly rowsUnchanged: number;
}

/** How many runs are looked through for the last two that computed users. */
const RUNS = 100;

export async function readReport(
  database: { readonly description: string },
  history: Pick<HistoryDatabase, 'listRuns' | 'reportCards' | 'reportUsers'>,
): Promise<Report> {
  const [lastRun = null, runBefore = null] = (await history.listRuns(RUNS)).flatMap(figuresOf);
  const cards = await history.reportCards();
  return {
    database: database.description,
    at: new Date(),
    users: await history.reportUsers(),
    cards,
    lastRun,
    runBefore,
  };
}

function figuresOf(run: RunProgress): RunFigures[] {
  const { runId, kind, state, finishedAt, completed, failed, rowsWritten, rowsUnchanged } = run;
  if (kind !== 'batch' || finishedAt === null || completed + failed === 0) return [];
  return [{ runId, state, finishedAt, completed, failed, rowsWritten, rowsUnchanged }];
}

const rupees = (paise: number | null) => (paise === null ? '-' : formatRupees(paise));

/** The quantiles of the first card's net, with their names. */
export function quantilesOf(users: UserFigures): (readonly [string, number | null])[] {
  const { netLeast, netP5, netP25, netP50, netP75, netP95, netMost } = users;
  return [
    ['least', netLeast],
    ['5 %', netP5],
    ['25 %', netP25],
    ['median', netP50],
    ['75 %', netP75],
    ['95 %', netP95],
    ['most', netMost],
  ];
}

/** What is said in a line each: [what, figure]. */
export function summaryOf({ users, cards, lastRun, runBefore }: Report): [string, string][] {
  const of = (part: number) => `${group(part)} (${percentOf(part, users.spendingUsers)})`;
  return [
    ['users with cards', group(users.users)],
    ['cards that some user has', `${cards.length}, ${cards.filter(card => card.firsts > 0).length} of them first`],
    [
      "the first card's net a year",
      quantilesOf(users)
        .map(([name, net]) => `${name} ${rupees(net)}`)
        .join(' · '),
    ],
    ['users who spend nothing', of(users.usersAtZero)],
    ['confirmed spend below the five', of(users.confirmedBelow)],
    ['last run', lastRun === null ? 'none yet' : runText(lastRun)],
    ...(runBefore === null ? [] : [['the run before', runText(runBefore)] as [string, string]]),
  ];
}

function runText({ runId, state, finishedAt, completed, failed, rowsWritten, rowsUnchanged }: RunFigures): string {
  const rows = rowsWritten + rowsUnchanged;
  return (
    `run ${runId}, ${state} ${finishedAt.toISOString().slice(0, 16)}Z: ${group(completed)} users completed, ${group(failed)} failed; ` +
    `${group(rowsWritten)} rows were written or changed (${percentOf(rowsWritten, rows)}), ${group(rowsUnchanged)} stayed as they were`
  );
}

/** [card, first, of users, among the ten, of users]. */
export const cardRows = ({ users, cards }: Report): string[][] =>
  cards.map(({ cardName, firsts, tens }) => [
    cardName,
    group(firsts),
    percentOf(firsts, users.users),
    group(tens),
    percentOf(tens, users.users),
  ]);
export const CARD_HEADER = ['card', 'first', '', 'among the ten', ''] as const;

/** Two lines, for the end of another command. */
export function reportInShort({ users, cards }: Report): string[] {
  if (users.users === 0) return [];
  const firsts = cards.filter(card => card.firsts > 0);
  const named = firsts.slice(0, 4).map(card => `${card.cardName} ${percentOf(card.firsts, users.users)}`);
  const others = firsts.length > 4 ? `, ${firsts.length - 4} other cards` : '';
  return [
    `First card: ${named.join(', ')}${others}.`,
    `Its net a year: median ${rupees(users.netP50)}, half of the users from ${rupees(users.netP25)} to ${rupees(users.netP75)}; ` +
      `${group(users.usersAtZero)} users spend nothing.`,
  ];
}
