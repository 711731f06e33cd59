import type { FastifyInstance } from 'fastify';
import type { ChunkProgress, HistoryDatabase } from '../database/history.ts';
import type { RunProgress } from '../model/run.ts';
import { figuresOf, stageTotals } from '../telemetry/figures.ts';
import { OPEN } from './access.ts';
import { type Doors, hashOf, refuse } from './doors.ts';
import type { PageLists } from './page-lists.ts';
import { cellOf, MAX_CELLS } from './run-watch.ts';

/** The facts of a session, which the page asks for at its start and after each break. */
export interface SessionFacts {
  readonly needsToken: boolean;
  readonly errorRateLimit: number;
  readonly version: string;
  readonly sections: readonly string[];
  readonly canRunNow: boolean;
  readonly canSteer: boolean;
}

/** The database as people know it; never a login or a password. */
export interface Place {
  readonly database: string;
  readonly version?: string | undefined;
}

export interface LookOptions {
  readonly doors: Doors;
  /** Called once a session is over. */
  readonly onSignOut: () => void;
  readonly lists: PageLists;
  readonly facts: SessionFacts;
  readonly place?: (() => Promise<Place>) | undefined;
  readonly user?: ((userId: string) => Promise<object | undefined>) | undefined;
  readonly readRun: (runId: number) => Promise<RunProgress | undefined>;
  readonly history: Pick<HistoryDatabase, 'listChunks' | 'listAttempts'>;
  /** What people did to a run, the latest first; undefined where that is not noted. */
  readonly acts?: ((runId: number) => Promise<readonly object[]>) | undefined;
  /** The commonest reason of a run's users who are failed now; without its text, which may hold amounts. */
  readonly commonestFailure?: ((runId: number) => Promise<object | undefined>) | undefined;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const MAX_CHUNKS = 10_000;
const MAX_ATTEMPTS = 500;
/** How many attempts that went wrong are shown at most. */
const MAX_TROUBLE = 50;

/** Signing in and out, the lists, one run, one user. */
export function addLookRoutes(app: FastifyInstance, options: LookOptions): void {
  const { doors, lists, facts } = options;
  app.get('/api/session', OPEN, async request => {
    const { canRead, canAct, csrf } = doors.visitor(request);
    const known = canRead && {
      place: await options.place?.().catch(() => undefined),
      person: doors.person(request),
    };
    const refusal = canRead ? undefined : doors.refusal(request);
    return { ...facts, canRead, canAct, csrf, refusal, at: Date.now(), ...known };
  });
  app.post<{ Body: { token?: unknown } | null }>('/api/sign-in', OPEN, async (request, reply) => {
    const answer = doors.signIn(request, request.body?.token);
    if ('code' in answer) return refuse(reply, answer.status, answer.code);
    return reply.header('set-cookie', answer.cookie).send({ status: 'ok' });
  });
  app.post('/api/sign-out', OPEN, async (request, reply) => {
    reply.header('set-cookie', doors.signOut(request));
    options.onSignOut();
    return { status: 'ok' };
  });
  app.get('/api/lists', async (_request, reply) => reply.type(JSON_TYPE).send(await lists.text));
  app.get<{ Params: { runId: string } }>('/api/runs/:runId', async (request, reply) => {
    const run = /^\d{1,15}$/.test(request.params.runId)
      ? await options.readRun(Number(request.params.runId))
      : undefined;
    return run === undefined ? refuse(reply, 404, 'NO_SUCH_RUN') : describeRun(run, options);
  });
  app.get<{ Querystring: { id?: unknown } }>('/api/user', async (request, reply) => {
    const given = request.query.id; // twice in an address, it is an array
    const id = typeof given === 'string' ? given.trim() : '';
    if (!/^[\x21-\x7e][\x20-\x7e]{0,49}$/.test(id)) return refuse(reply, 400, 'USER_ID');
    const user = await options.user?.(id);
    doors.note(request, { type: 'user-looked-up', userHash: hashOf(id), isFound: user !== undefined });
    return user === undefined ? refuse(reply, 404, 'NO_SUCH_USER') : user;
  });
}

/** How many users the gate compared, and how many of them change their first card; undefined where it compared none. */
function firstCardsOf(chunks: readonly ChunkProgress[]): { known: number; changed: number } | undefined {
  const known = chunks.reduce((sum, { firstCardsKnown }) => sum + (firstCardsKnown ?? 0), 0);
  const changed = chunks.reduce((sum, { firstCardsChanged }) => sum + (firstCardsChanged ?? 0), 0);
  return known === 0 ? undefined : { known, changed };
}

/** All that the page of one run shows, in the shape of a snapshot and what only that page has. */
async function describeRun(run: RunProgress, { history, acts, commonestFailure }: LookOptions): Promise<object> {
  const { runId } = run;
  const [chunks, attempts, done, commonest] = await Promise.all([
    history.listChunks(runId, 0, MAX_CHUNKS),
    history.listAttempts(runId, MAX_ATTEMPTS),
    acts?.(runId).catch(() => undefined),
    run.failed === 0 ? undefined : commonestFailure?.(runId).catch(() => undefined),
  ]);
  const trouble = attempts.filter(({ outcome }) => outcome !== null && outcome !== 'done').slice(0, MAX_TROUBLE);
  return {
    at: Date.now(),
    run,
    figures: figuresOf(run, chunks, new Date()),
    stages: stageTotals(attempts),
    cells: chunks.slice(0, MAX_CELLS).map(cellOf),
    moreCells: Math.max(0, chunks.length - MAX_CELLS),
    // Codes alone: a driver's message can name servers, logins and rows.
    trouble: trouble.map(({ errorMessage: _, ...attempt }) => attempt),
    acts: done,
    commonest,
    firstCards: firstCardsOf(chunks),
  };
}
