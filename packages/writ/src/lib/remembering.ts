import { BoundedCache } from '@writ/sdk/lib/bounded-cache';

const MAX_KEPT = 10_000;
const MAX_LENGTH = 64;

/** Returns a function of texts that keeps its results for short texts: for work on texts that come again and again. */
export function remembering<Result>(compute: (text: string) => Result): (text: string) => Result {
  const kept = new BoundedCache<string, { readonly result: Result }>(MAX_KEPT);
  return (text) => {
    const known = kept.get(text);
    if (known !== undefined) return known.result;
    const result = compute(text);
    if (text.length <= MAX_LENGTH) kept.set(text, { result });
    return result;
  };
}
