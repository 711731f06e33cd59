import type { Command } from 'commander';
import type { BatchDatabase } from '../database/batch.ts';
import { retrying, type Sleep } from '../database/retrying.ts';
import type { EngineIdentity } from '../engine/engine.ts';
import { loadEngine } from '../engine/load-engine.ts';
import type { EngineSource } from '../engine/source.ts';
import type { Actor } from '../model/act.ts';
import { GOES_ON } from '../model/codes.ts';
import { CardGeniusError } from '../model/errors.ts';
import { isGate, type RunProgress, type RunState } from '../model/run.ts';
import { type Cli, type CommonOptions, command } from './cli.ts';
import { shellUser } from './shell-user.ts';

interface SteerOptions extends CommonOptions {
  readonly reason?: string;
  readonly acceptGate?: boolean;
}

/** What an operator asks of the active run: a pause holds each next claim, a cancel ends the leases of the chunks in flight. */
const ACTIONS: readonly { name: string; state: RunState; summary: string; description: string }[] = [
  {
    name: 'pause',
    state: 'paused',
    summary: 'stop claiming chunks of the active run',
    description: 'What is in flight is finished; nothing more is claimed, by any processor, until the run is resumed.',
  },
  {
    name: 'resume',
    state: 'running',
    summary: 'let a paused or stopped run go on',
    description: 'Processors can claim from the run again: start one with "cardgenius run".',
  },
  {
    name: 'cancel',
    state: 'cancelled',
    summary: 'end the active run',
    description:
      'Its chunks are closed and its pending users become new again; a processor at work on one writes nothing.',
  },
];

export function defineSteering(program: Command): void {
  for (const { name, state, summary, description } of ACTIONS) {
    const definition = program.command(name).summary(summary).description(description);
    definition.option('--reason <text>', 'why; it is kept in the history of the run');
    if (state === 'running') definition.option('--accept-gate', 'from here on, publish past the gates');
    command<SteerOptions>(definition, async (cli, _args, { reason, acceptGate = false }) => {
      await using opened = await cli.open({ beside: true, light: true });
      const changed = await steer(opened.database, state, reason ?? `${name} by its operator`, {
        acceptGate,
        by: shellUser(),
      });
      cli.print({ runId: changed.runId, state: changed.state }, () => describeSteered(changed, acceptGate));
      if (changed.state === 'running') await noteOtherEngine(cli, changed);
    });
  }
}

/** A resumed run that no processor with the configured engine will work on. */
async function noteOtherEngine(cli: Cli, { runId, before }: Steered): Promise<void> {
  const other = otherEngine({ runId, ...before }, await configuredEngine(cli.settings));
  if (other !== undefined) cli.note(other);
}

/** How long a command that only looks or steers waits for an engine of one's own: one that hangs must not hold it up. */
const LOOK_MS = 5_000;

/** Undefined where it cannot be loaded in a moment: an unusable file is named by what computes. */
export const configuredEngine = (settings: EngineSource): Promise<EngineIdentity | undefined> =>
  loadEngine(settings, LOOK_MS).catch(() => undefined);

/** Says of a run that processors with the configured engine do not work on it; undefined where they do. */
export function otherEngine(
  { runId, engineName, engineVersion, fingerprint }: Pick<RunProgress, 'runId' | EngineField>,
  engine: Pick<EngineIdentity, 'name' | 'version' | 'fingerprint'> | undefined,
): string | undefined {
  if (engine === undefined || engine.fingerprint === fingerprint) return undefined;
  return (
    `Run ${runId} was opened with ${engineName} ${engineVersion}, and ${engine.name} ${engine.version} of another fingerprint is configured here: ` +
    'no processor with it works on this run. The next slot of a schedule supersedes it; at once: cardgenius schedule run NAME (without serve: cardgenius run).'
  );
}

/** A run after what was asked of it, and what it was before. */
interface Steered {
  readonly runId: number;
  readonly state: RunState;
  readonly before: Pick<RunProgress, 'state' | 'reason' | EngineField>;
}

type EngineField = 'engineName' | 'engineVersion' | 'fingerprint';

/** What it is now; and where that is not what was meant, why. */
export function describeSteered(
  { runId, state, before }: { runId: number; state: RunState; before: Pick<RunProgress, 'state' | 'reason'> },
  acceptGate: boolean,
): string {
  const reason = before.reason?.replace(/\.$/, '') ?? 'no reason given';
  if (before.state === 'paused' && state === 'paused') return `Run ${runId} is paused already: ${reason}.`;
  const isHeld = before.state === 'paused' && state === 'running' && isGate(reason) && !acceptGate;
  const again =
    '\nIt was held at a gate, and pauses again unless the cause is fixed. To pass: cardgenius resume --accept-gate';
  const next = '\nIts users who were not decided are new again. Next: cardgenius run, or the next fire of a schedule';
  const goOn = ` ${GOES_ON}`;
  if (state === 'running') return `Run ${runId} can go on.${isHeld ? again : goOn}`;
  return `Run ${runId} is ${state}.${state === 'cancelled' ? next : ''}`;
}

/**
 * Asks it of the active run, again where it met a deadlock or the answer was lost. By its number: asked again for "the active run", a
 * cancel whose answer was lost might end the next one. Throws NO_ACTIVE_RUN.
 */
export async function steer(
  database: Pick<BatchDatabase, 'readRun' | 'changeRunState'>,
  state: RunState,
  reason: string,
  {
    acceptGate = false,
    by,
    sleep,
  }: { readonly acceptGate?: boolean; readonly by?: Actor; readonly sleep?: Sleep } = {},
): Promise<Steered> {
  const steady = retrying(database, { patienceMs: PATIENCE_MS, sleep });
  const latest = await steady.readRun(null); // where a run is active it is the latest
  if (latest !== undefined && ACTIVE.includes(latest.state)) {
    const { runId, ...before } = latest;
    const how = by === undefined ? { acceptGate } : { acceptGate, by };
    const changed = await steady.changeRunState(runId, state, reason, how);
    if (changed !== undefined) return { ...changed, before };
    const now = await steady.readRun(runId);
    if (now?.state === state) return { runId, state, before }; // done, and the answer was lost
  }
  const next =
    state === 'paused'
      ? 'Nothing is to be paused, and a pause would not keep the next slot from opening a run. For that, stop serve, and start it again afterwards'
      : 'Look at: cardgenius status';
  throw new CardGeniusError('NO_ACTIVE_RUN', `No run is active. ${next}`);
}

/** How long a step is tried again: a person waits for the answer. */
const PATIENCE_MS = 5_000;
const ACTIVE: readonly RunState[] = ['running', 'paused', 'stopped'];
