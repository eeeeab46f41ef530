/**
 * The most values that are decided on at once: members of objects and items of lists, at every depth. Each is read, masked and
 * recorded while nothing else is decided: all of them take some 50 ms.
 */
export const MAX_VALUES = 10_000;

/** Counts the members and items of a JSON value. Stops past `most`, and takes nesting of any depth. */
export function valuesIn(value: unknown, most: number = MAX_VALUES): number {
  let count = 0;
  const open: object[] = typeof value === 'object' && value !== null ? [value] : [];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const inner: readonly unknown[] = Array.isArray(one) ? one : Object.values(one);
    count += inner.length;
    if (count > most) return count;
    for (const item of inner) if (typeof item === 'object' && item !== null) open.push(item);
  }
  return count;
}
