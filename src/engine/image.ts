/**
 * One engine from plan to thread. The main process loads an engine once a run and gets an image of it: what a worker thread needs to
 * make the same engine. The built-in engine's image has the catalogue that was fingerprinted, read and checked; that of an engine of one's
 * own has its module's path, which each thread imports anew, with the fingerprint and the files that must come of it. Another one ends the attempt.
 */
import { CardGeniusError, EXIT } from '../model/errors.ts';
import type { EligibleCards } from './card-terms.ts';
import type { Catalog } from './catalog.ts';
import type { EngineFile, EngineIdentity } from './engine.ts';

interface Image {
  /** Paise: the largest monthly amount that is believed. */
  readonly maxMonthlySpend: number;
  /** The fingerprint that the engine made of this image must have. */
  readonly fingerprint: string;
}

export interface BuiltInImage extends Image {
  readonly kind: 'built_in';
  /** The path that messages name. */
  readonly catalogPath: string;
  readonly eligibleCards: EligibleCards | undefined;
  readonly catalog: Catalog;
}

export interface OwnImage extends Image {
  readonly kind: 'own';
  readonly modulePath: string;
  readonly timeoutMs: number;
  /** As the run was planned with them. */
  readonly files: readonly EngineFile[];
}

export type EngineImage = BuiltInImage | OwnImage;

/** What the main process knows of an engine: enough to plan a run, and to have it computed in threads. */
export interface LoadedEngine extends EngineIdentity {
  readonly image: EngineImage;
  /** The built-in engine's catalogue, byte for byte as it was fingerprinted. */
  readonly catalogFile?: Uint8Array;
}

/**
 * No thread can make the engine of this run: its file has changed since (ENGINE_CHANGED, with both fingerprints), or cannot be
 * loaded any more. No user is to blame: what is in flight is given back, and the run can be taken up again.
 */
export class EngineUnusableError extends CardGeniusError {
  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(code, message, { ...options, exitCode: EXIT.stopped });
  }
}

export function engineChanged(image: EngineImage, { fingerprint, files }: EngineIdentity): EngineUnusableError {
  const path = image.kind === 'built_in' ? image.catalogPath : image.modulePath;
  const changed = image.kind === 'own' ? differing(image.files, files ?? []) : [];
  const which = changed.length === 0 ? '' : ` Changed: ${changed.join(', ')}.`;
  return new EngineUnusableError(
    'ENGINE_CHANGED',
    `The engine ${path} is not the one that this run was planned with: the run has ${image.fingerprint}, the file now gives ${fingerprint}.${which} ` +
      'Restore the file and start again; or start again with the new one, which supersedes the run.',
  );
}

/** Names of files that only one of the two has, or that both have with other bytes; the first five. */
function differing(planned: readonly EngineFile[], found: readonly EngineFile[]): string[] {
  const before = new Map(planned.map(file => [file.path, file.sha256]));
  const after = new Map(found.map(file => [file.path, file.sha256]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter(path => before.get(path) !== after.get(path))
    .slice(0, 5);
}
