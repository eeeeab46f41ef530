/** Returns whether a record has no member. */
export function isEmpty(record: object): boolean {
  for (const _name in record) return false;
  return true;
}
