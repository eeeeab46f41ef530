import { memo } from './memo.js';

/**
 * Returns a record that has each of some names, without a value. hot: a record that gets more than a dozen names one after another
 * becomes a hash table, which is slow to make and to read. A copy of one that was read from JSON does not.
 */
export function blankRecord(names: readonly string[]): Record<string, unknown> {
  return { ...blank(names) };
}

const blank = memo(
  (names: readonly string[]) =>
    JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:null`).join(',')}}`) as Record<string, null>,
);
