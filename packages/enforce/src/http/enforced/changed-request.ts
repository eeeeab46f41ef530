import { isDeepStrictEqual } from 'node:util';
import { inputOf } from '../coaz/variables.js';
import type { CanonicalRequest } from '../request/body.js';

/**
 * Returns a request with its input as obligations changed it; a text that says why it cannot be sent. A JSON body alone can be changed:
 * a path or a query with another value is another request, which nobody decided on.
 */
export function changedRequest(request: CanonicalRequest, changed: unknown): CanonicalRequest | string {
  const { body: before, ...others } = inputOf(request);
  const { body: after, ...otherParts } = changed as Readonly<Record<string, unknown>>;
  if (!isDeepStrictEqual(others, otherParts)) return 'a part of the request other than its JSON body would change';
  if (isDeepStrictEqual(before, after)) return request;
  if (before === undefined || after === undefined) return 'the body would be another one than JSON';
  const chosenBy = request.operation?.chosenBy;
  if (chosenBy !== undefined && (after as Readonly<Record<string, unknown>>)[chosenBy.member] !== chosenBy.value)
    return 'its body would be of another operation';
  if (hasLargeNumber(request.json)) return 'its body has a number that would not stay as it was written';
  const body = new TextEncoder().encode(JSON.stringify(after));
  const { rewritten } = request;
  const headers = rewritten.headers.map(([name, value]): [string, string] => [
    name,
    name === 'content-length' ? String(body.length) : value,
  ]);
  return { ...request, rewritten: { ...rewritten, headers, body } };
}

function hasLargeNumber(root: unknown): boolean {
  const left: unknown[] = [root];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === 'bigint') return true;
    if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) left.push(inner);
  }
  return false;
}
