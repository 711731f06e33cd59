/** Levenshtein's distance: how many letters to add, drop or change. For "did you mean". */
export function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, change));
    }
    previous = current;
  }
  return previous[b.length]!;
}

/** The known name that was probably meant: the nearest, at most `most` letters off. */
export function nearestOf(unknown: string, known: readonly string[], most = 2): string | undefined {
  const ranked = known.map(name => ({ name, far: distance(name, unknown) })).sort((a, b) => a.far - b.far);
  return ranked[0] !== undefined && ranked[0].far <= most ? ranked[0].name : undefined;
}
