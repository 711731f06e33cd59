import { AnswerCache } from './answer-cache.ts';
import { codeOf } from './error-code.ts';

/** How long an answer serves all callers, at least. */
const KEEP_MS = 1_000;

const SECTIONS = ['runs', 'failures', 'schedules', 'alerts', 'processors'] as const;
type Section = (typeof SECTIONS)[number];
type Rows = () => Promise<readonly object[]>;

/** Where the rows come from; called when a page is open. A section without its provider is hidden. */
export type ListProviders = { readonly [name in Exclude<Section, 'runs'>]?: Rows } & { readonly runs: Rows };

/**
 * All lists of the page in one answer, made once for all pages. Each list is asked for by itself: a login that may
 * run need not be one that may read who failed. A list that fails is `{ error: code }`.
 */
export class PageLists {
  readonly #lists: ReadonlyMap<Section, AnswerCache<readonly object[]>>;
  readonly #text: AnswerCache<string>;

  constructor(providers: ListProviders) {
    const provided = SECTIONS.flatMap(name => {
      const provide = providers[name];
      return provide === undefined ? [] : [[name, new AnswerCache(provide, KEEP_MS)] as const];
    });
    this.#lists = new Map(provided);
    this.#text = new AnswerCache(() => this.#ask(), KEEP_MS);
  }

  /** JSON: rows by section. Never fails. */
  get text(): Promise<string> {
    return this.#text.get();
  }

  /** Something was done that changes this list, or all: the next look shall show it. */
  forget(section?: Section): void {
    for (const [name, list] of this.#lists) if (section === undefined || name === section) list.forget();
    this.#text.forget();
  }

  async #ask(): Promise<string> {
    const rows = await Promise.all(
      [...this.#lists].map(async ([name, list]) => [name, await list.get().catch(error => ({ error: codeOf(error) }))]),
    );
    return JSON.stringify(Object.fromEntries(rows));
  }
}
