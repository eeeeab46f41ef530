/** A run of items that look the same. */
interface Run<T> {
  readonly first: T;
  readonly count: number;
}

/** Returns items with those that look the same as the one before counted instead of repeated. */
export function runsOf<T>(items: readonly T[], looks: (item: T) => string): Run<T>[] {
  const runs: { first: T; count: number; look: string }[] = [];
  for (const item of items) {
    const look = looks(item);
    const last = runs.at(-1);
    if (last?.look === look) last.count += 1;
    else runs.push({ first: item, count: 1, look });
  }
  return runs;
}
