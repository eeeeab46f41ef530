/**
 * Returns a table to look foreign names up in. It has its own entries only: an object literal also answers to
 * `constructor` and the other names that every object has.
 *
 * @example table({ 'tools/call': 'name' })['tools/call'] // 'name'
 */
export function table<V>(entries: Readonly<Record<string, V>>): Readonly<Record<string, V | undefined>> {
  return Object.freeze(Object.assign(Object.create(null) as Record<string, V>, entries));
}
