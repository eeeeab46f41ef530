import { createHash } from 'node:crypto';
import { HANDED_ON, type OutcomeStatus } from '@writ/sdk/authzen';
import { isObject } from '@writ/sdk/lib/is-object';

/** Stands for a result that was not inspected. */
export const UNREAD = Symbol('unread');

/** Stands for the result of a test that says nothing of it: all that its description gives, and nothing that is detected. */
export const AS_DESCRIBED = Symbol('as described');

/** An outcome that was reported. */
export interface Reported {
  readonly status: OutcomeStatus;
  readonly enforcementPoint: string;
  /** The digest of the result; undefined if it is not known any more, or nothing was learned of it. */
  readonly digest?: string | undefined;
  readonly labels?: readonly string[] | undefined;
}

/** Returns the digest of a result, without what a server may say differently each time: `_meta`, and texts on the way. */
export function digestOf(result: unknown): string {
  if (result === undefined || typeof result === 'symbol') return String(result);
  const { _meta: _1, [HANDED_ON]: _2, ...said } = isObject(result) ? result : { result };
  return createHash('sha256').update(JSON.stringify(said)).digest('base64url');
}

/** Returns whether a result has parts that are not in its digest. */
export function hasMore(result: unknown): boolean {
  return isObject(result) && (result._meta !== undefined || result[HANDED_ON] !== undefined);
}
