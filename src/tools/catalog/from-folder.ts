import { Evidence } from '../api/evidence.ts';
import { type ApiAnswer, type BrokenAnswer, readAnswers } from '../api/saved-answers.ts';
import type { CatalogOrigin } from '../api/to-catalog.ts';
import { type BuiltCatalog, buildCatalog } from './from-answers.ts';

const HELD_OUT = 20;
/** From how many answers on some are held out; with fewer, each is needed to fit on. */
const ENOUGH = 40;

/**
 * A catalogue from saved answers: one in several is held out, up to twenty, where there are forty or more. Files that are not answers are
 * returned with their reason. Throws what reading the folder throws, and FROM_API_FEW.
 */
export async function catalogFromFolder(
  folder: string,
  origin: CatalogOrigin,
): Promise<{ readonly built: BuiltCatalog; readonly broken: readonly BrokenAnswer[] }> {
  const broken: BrokenAnswer[] = [];
  let count = 0;
  for await (const answer of readAnswers(folder)) {
    if ('problem' in answer) broken.push(answer);
    else count++;
  }
  const every = count < ENOUGH ? Number.POSITIVE_INFINITY : Math.floor(count / HELD_OUT);
  const evidence = new Evidence();
  const heldOut: ApiAnswer[] = [];
  let at = 0;
  for await (const answer of readAnswers(folder)) {
    if ('problem' in answer) continue;
    if (++at % every === 0 && heldOut.length < HELD_OUT) heldOut.push(answer);
    else evidence.add(answer);
  }
  return { built: buildCatalog(evidence, heldOut, origin), broken };
}
