import type { LoadedEngine } from '../engine/image.ts';
import { loadEngine } from '../engine/load-engine.ts';
import type { EngineSource } from '../engine/source.ts';
import { CardGeniusError, messageOf } from '../model/errors.ts';

/** What is wrong with the engine's file: a code, and a sentence that names file, card and field. */
export interface EngineFault {
  readonly code: string;
  readonly message: string;
}

/** News of the engine: it is another one, it cannot be loaded, it can be loaded again. */
export type EngineNews =
  | { readonly type: 'engine'; readonly name: string; readonly version: string; readonly fingerprint: string }
  | ({ readonly type: 'engine-unusable' } & EngineFault);

/**
 * The engine of a service that lives for months, while operators replace its file. It is loaded anew at each fire and before each run;
 * a file that cannot be loaded is news, and never the end of the service. The engine that was loaded last stays known: an active run
 * of that engine goes on with it.
 */
export class CurrentEngine {
  readonly #source: EngineSource;
  readonly #onNews: (news: EngineNews) => void;
  readonly #load: (source: EngineSource) => Promise<LoadedEngine>;
  #known: LoadedEngine | undefined;
  #fault: EngineFault | undefined;

  constructor(
    source: EngineSource,
    onNews: (news: EngineNews) => void,
    load: (source: EngineSource) => Promise<LoadedEngine> = loadEngine,
  ) {
    this.#source = source;
    this.#onNews = onNews;
    this.#load = load;
  }

  /** As it was loaded last; undefined where it never could be. */
  get known(): LoadedEngine | undefined {
    return this.#known;
  }

  /** Why the last attempt to load it failed. */
  get fault(): EngineFault | undefined {
    return this.#fault;
  }

  /** Loads it anew. Throws UsageError (CATALOG_…, ENGINE_…). */
  async load(): Promise<LoadedEngine> {
    let loaded: LoadedEngine;
    try {
      loaded = await this.#load(this.#source);
    } catch (error) {
      const code = error instanceof CardGeniusError ? error.code : 'ENGINE_INVALID';
      const fault = { code, message: messageOf(error) };
      const isNews = fault.message !== this.#fault?.message;
      this.#fault = fault;
      if (isNews) this.#onNews({ type: 'engine-unusable', ...fault });
      throw error;
    }
    const isNews = this.#fault !== undefined || loaded.fingerprint !== this.#known?.fingerprint;
    this.#fault = undefined;
    this.#known = loaded;
    const { name, version, fingerprint } = loaded;
    if (isNews) this.#onNews({ type: 'engine', name, version, fingerprint });
    return loaded;
  }

  /** The same where a fault is news enough; undefined then. */
  async tryToLoad(): Promise<LoadedEngine | undefined> {
    return this.load().catch(() => undefined);
  }
}
