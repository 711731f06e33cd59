import type { FastifyInstance } from 'fastify';
import type { RetryFilter } from '../database/audit.ts';
import type { FireAnswer } from '../model/service.ts';
import { type Doors, refuse } from './doors.ts';
import type { PageLists } from './page-lists.ts';

/** What a visitor can do to the active run. */
export type Steering = 'pause' | 'resume' | 'accept-gate' | 'cancel';

export interface SteerRequest {
  /** The run that the page showed: another that is active by now is left alone. */
  readonly runId: number;
  readonly act: Steering;
  readonly reason: string | null;
  /** The visitor that asked, as far as known. */
  readonly person: string;
}

/** What the page can do; each is left out where that is not possible. */
export interface Acts {
  readonly audit?: { retryUsers(filter: RetryFilter, person: string): Promise<number> } | undefined;
  /** Fires a schedule now. */
  readonly runNow?: ((schedule: string, person: string) => Promise<Pick<FireAnswer, 'decision' | 'runId'>>) | undefined;
  readonly steer?: ((request: SteerRequest) => Promise<{ readonly runId: number; readonly state: string }>) | undefined;
}

const CODE = /^[A-Z0-9_]{1,50}$/;
const STEERINGS: readonly Steering[] = ['pause', 'resume', 'accept-gate', 'cancel'];
const MAX_REASON = 200;

/** Retry, run now, and what steers a run: for a visitor who may act, from our own page or with the token. Each is noted with its person. */
export function addActRoutes(
  app: FastifyInstance,
  acts: Acts,
  { doors, lists }: { doors: Doors; lists: PageLists },
): void {
  const { audit, runNow, steer } = acts;
  app.post<{ Body: { code?: unknown } | null }>('/api/retry', async (request, reply) => {
    if (audit === undefined || !doors.mayAct(request)) return refuse(reply, 403, 'MAY_NOT_ACT');
    const { code } = request.body ?? {};
    if (typeof code !== 'string' || !CODE.test(code)) return refuse(reply, 400, 'CODE');
    const users = await audit.retryUsers({ runId: null, userId: null, code }, doors.person(request));
    lists.forget();
    doors.note(request, { type: 'acted', act: 'retry', subject: code, result: `${users} users` });
    return { users };
  });
  app.post<{ Body: { schedule?: unknown } | null }>('/api/run-now', async (request, reply) => {
    if (runNow === undefined || !doors.mayAct(request)) return refuse(reply, 403, 'MAY_NOT_ACT');
    const { schedule } = request.body ?? {};
    if (typeof schedule !== 'string') return refuse(reply, 400, 'SCHEDULE');
    const { decision, runId } = await runNow(schedule, doors.person(request));
    lists.forget();
    doors.note(request, { type: 'acted', act: 'run now', subject: schedule, result: `${decision}, run ${runId}` });
    return { decision, runId };
  });
  app.post<{ Body: { runId?: unknown; act?: unknown; reason?: unknown } | null }>(
    '/api/steer',
    async (request, reply) => {
      if (steer === undefined || !doors.mayAct(request)) return refuse(reply, 403, 'MAY_NOT_ACT');
      const { runId, act, reason } = request.body ?? {};
      const known = STEERINGS.find(name => name === act);
      if (!Number.isSafeInteger(runId) || known === undefined) return refuse(reply, 400, 'BAD_REQUEST');
      const said = typeof reason === 'string' && reason.trim() !== '' ? reason.trim().slice(0, MAX_REASON) : null;
      const person = doors.person(request);
      const answer = await steer({ runId: runId as number, act: known, reason: said, person });
      lists.forget();
      doors.note(request, { type: 'acted', act: known, subject: `run ${answer.runId}`, result: answer.state });
      return answer;
    },
  );
}
