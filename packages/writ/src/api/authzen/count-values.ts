import { MAX_VALUES, valuesIn } from '@writ/sdk/lib/value-count';
import { Problem } from '../http/problem.js';

/** For all evaluations of one request together. */
const MAX_BATCH_VALUES = 25_000;

/** @throws {Problem} 413 if a request has more members and items than are decided on at once */
export function checkValues(body: unknown): void {
  if (valuesIn(body) > MAX_VALUES) throw tooMany(`the request has more than ${MAX_VALUES} members and items`);
}

/**
 * Checks the parts of several evaluations. A part that many have counts for each: it is decided on as often.
 *
 * @throws {Problem} 413 if there are more members and items than are decided on at once
 */
export function checkBatchValues(items: readonly Readonly<Record<string, unknown>>[]): void {
  const counted = new Map<unknown, number>();
  let all = 0;
  for (const item of items) {
    let own = 0;
    for (const name in item) {
      const part = item[name];
      let count = counted.get(part);
      if (count === undefined) {
        count = valuesIn(part);
        counted.set(part, count);
      }
      own += count;
    }
    if (own > MAX_VALUES) throw tooMany(`an evaluation has more than ${MAX_VALUES} members and items`);
    all += own;
    if (all > MAX_BATCH_VALUES)
      throw tooMany(
        `the evaluations have more than ${MAX_BATCH_VALUES} members and items; send some in a request of their own`,
      );
  }
}

function tooMany(text: string): Problem {
  return new Problem(413, text, { code: 'too_many_values' });
}
