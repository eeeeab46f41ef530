/** Returns the first item of each name, so that a name means one thing in every decision. */
export function firstOfEach<T>(all: readonly T[], nameOf: (one: T) => string): T[] {
  const found = new Map<string, T>();
  for (const one of all) if (!found.has(nameOf(one))) found.set(nameOf(one), one);
  return [...found.values()];
}
