import type { BatchDatabase } from '../database/batch.ts';
import { DatabaseError } from '../model/errors.ts';
import { asciiText } from '../model/printable.ts';
import type { ChunkResult, Lease, PublishRequest, Span } from '../model/run.ts';
import { PauseRun } from './recovery.ts';

/** How many refused users of one chunk fail one by one; more pause the run, because the users are not the cause. */
const MAX_REFUSED_USERS = 50;

export interface Publication extends Pick<PublishRequest, 'loadNo' | 'computeMs' | 'loadMs'> {
  /** The largest user number of the chunk. */
  readonly lastUserNo: number;
}

/**
 * The database refuses a user's cards and also the status `failed`, so no processor can decide this user. The reason goes to alerts and
 * to the page: it names the database's code only, because its message may quote a row with amounts.
 */
export function undecidable({ runId, chunkNo }: Lease, users: string, cause: DatabaseError): PauseRun {
  return new PauseRun(
    'REFUSED_DECISION',
    `chunk ${chunkNo} of run ${runId}, ${users}: the database refuses the change of processing_status to failed, too ` +
      `(cardgenius errors has the user_id; the database said ${cause.code})`,
    { cause },
  );
}

/**
 * Publishes a staged chunk. Where the database refuses a row, the chunk is published span by span, halved until the culprit
 * stands alone; that user becomes `failed` with the database's own words, and no other user loses anything. Throws PauseRun
 * (REFUSED_DECISION), once all others are decided, where even that is refused. `database` tries again by itself.
 */
export async function publish(
  database: BatchDatabase,
  lease: Lease,
  publication: Publication,
  leaseSeconds: number,
): Promise<ChunkResult> {
  const { lastUserNo, ...request } = publication;
  let refused = 0;
  let undecided: PauseRun | undefined;

  const attempt = (span: Span | null, failure: PublishRequest['failure']) =>
    database.publishChunk(lease, { ...request, span, failure });

  /** The chunk's counts so far; undefined where its last user could not be decided. */
  const isolate = async (span: Span, refusal: DatabaseError): Promise<ChunkResult | undefined> => {
    await database.renewLease(lease, leaseSeconds);
    if (span.from === span.to) {
      if (++refused > MAX_REFUSED_USERS) {
        throw new PauseRun(
          'REFUSED_SYSTEMICALLY',
          `the database refuses more than ${MAX_REFUSED_USERS} users of chunk ${lease.chunkNo}, the last one with ${refusal.code} ` +
            '(cardgenius errors has its words)',
          { cause: refusal },
        );
      }
      try {
        return await attempt(span, { code: 'REFUSED_BY_DATABASE', message: asciiText(refusal.message) });
      } catch (error) {
        if (!isRefusal(error)) throw error;
        undecided ??= undecidable(lease, `user number ${span.from}`, error);
        return undefined;
      }
    }
    const middle = Math.floor((span.from + span.to) / 2);
    await publishSpan({ from: span.from, to: middle });
    return publishSpan({ from: middle + 1, to: span.to });
  };

  const publishSpan = async (span: Span): Promise<ChunkResult | undefined> => {
    try {
      return await attempt(span, null);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return isolate(span, error);
    }
  };

  try {
    return await attempt(null, null);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const result = await isolate({ from: 1, to: lastUserNo }, error);
    if (undecided !== undefined) throw undecided;
    return result!;
  }
}

/** The database refuses a row. */
export function isRefusal(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && error.errorClass === 'data';
}
