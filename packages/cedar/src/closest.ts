const LONGEST_COMPARED = 40;

/**
 * Returns the known name that a name differs least from, whatever their case; undefined if no name is near enough.
 *
 * @param mostEdits of a known name: how many letters may be added, removed, changed or swapped with the next; a third of its letters by default
 */
export function closest(
  name: string,
  known: readonly string[],
  mostEdits: (candidate: string) => number = ({ length }) => Math.max(1, Math.ceil(length / 3)),
): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < least && edits <= mostEdits(candidate)) [best, least] = [candidate, edits];
  }
  return best;
}

/** Returns the edit distance of two short names: Levenshtein's, where two letters that are swapped are one edit. */
function distance(a: string, b: string): number {
  if (a.length > LONGEST_COMPARED) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swap =
        a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? (before[j - 2] ?? Number.POSITIVE_INFINITY) + 1
          : Number.POSITIVE_INFINITY;
      next.push(Math.min(change, swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    [before, row] = [row, next];
  }
  return row[b.length] as number;
}
