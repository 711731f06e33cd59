import type { BatchDatabase } from '../database/database.ts';
import { CardGeniusError } from '../model/errors.ts';

/** Fewer computed users than this say nothing about a share. */
const MIN_USERS = 1_000;

/** A gate is shut: nothing is wrong with this chunk alone, and an operator should look before more is published. */
export class GateError extends CardGeniusError {
  constructor(message: string) {
    super('GATE_FAILED_SHARE', message);
  }
}

/**
 * Looked at before a chunk is published: the share of failed users over the whole run, this chunk's included. Throws GateError
 * where it is above the limit and no operator has accepted that.
 */
export async function passGates(
  database: Pick<BatchDatabase, 'readRun'>,
  runId: number,
  chunk: { readonly users: number; readonly failed: number },
  maxFailedShare: number,
): Promise<void> {
  if (chunk.failed === 0) return; // a chunk without a failure cannot make the share worse
  const run = await database.readRun(runId);
  if (run === undefined || run.gateAccepted) return;
  const failed = run.failed + chunk.failed;
  const users = run.completed + run.failed + chunk.users;
  if (users < MIN_USERS || failed / users <= maxFailedShare) return;
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  throw new GateError(
    `${failed} of the first ${users} users have failed, ${percent(failed / users)}; more than ${percent(maxFailedShare)} are a matter ` +
      'for somebody to look at (cardgenius errors). To go on all the same: cardgenius resume --accept-gate',
  );
}
