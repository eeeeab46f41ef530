import type { Work } from './work.js';

/** Returns a text that two JSON values have in common if they are equal, and no others. @throws {TooMuchWork} */
export function identityOf(value: unknown, work: Work): string {
  if (typeof value !== 'object' || value === null) {
    work.take(1 + (typeof value === 'string' ? value.length / 16 : 0));
    return typeof value === 'string' ? JSON.stringify(value) : String(value === 0 ? 0 : value);
  }
  work.take(4);
  if (Array.isArray(value)) return `[${work.deeper(() => value.map((one) => identityOf(one, work)).join())}]`;
  const names = Object.keys(value).sort();
  work.take(names.length * 2);
  const members = work.deeper(() =>
    names.map((name) => `${JSON.stringify(name)}:${identityOf((value as Record<string, unknown>)[name], work)}`),
  );
  return `{${members.join()}}`;
}

/** Returns whether no two items of a list are equal. @throws {TooMuchWork} */
export function areUnique(items: readonly unknown[], work: Work): boolean {
  const seen = new Set<string>();
  for (const item of items) {
    const identity = identityOf(item, work);
    if (seen.has(identity)) return false;
    seen.add(identity);
  }
  return true;
}
