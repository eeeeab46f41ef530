import { createHash } from 'node:crypto';
import type { Obligation } from '../authzen/decision.js';
import type { Change } from '../authzen/outcome.js';
import { withoutDataUrls } from './data-urls.js';
import { applyObligation, changeOf, type FindSpans, obligationsOn } from './transform.js';

/** A value after obligations, and what is recorded of each. */
export interface Changed<T = unknown> {
  readonly result: T;
  readonly changes: readonly Change[];
}

/**
 * Carries out the obligations of a permit on a result. The hashes of its changes have no key: it may run in a process that does not
 * have the key.
 */
export type ChangeResult = (result: unknown, obligations: readonly Obligation[]) => Promise<Changed>;

/**
 * Carries out obligations on a result that is one value. Data URLs in its texts are withheld: what was removed elsewhere could be in
 * them.
 *
 * @throws {ObligationError} if one cannot be carried out
 */
export function changeValue(result: unknown, obligations: readonly Obligation[], find: FindSpans): Promise<Changed> {
  return changed('result', withoutDataUrls(result), obligations, { hash: digest, find });
}

/** Carries out the obligations on the input of an operation. @throws {ObligationError} if one cannot be carried out */
export function changeInput(input: unknown, obligations: readonly Obligation[], by: ChangedBy): Promise<Changed> {
  return changed('input', input, obligations, by);
}

interface ChangedBy {
  readonly hash: (text: string) => string;
  readonly find: FindSpans;
}

async function changed(
  side: Change['on'],
  value: unknown,
  obligations: readonly Obligation[],
  { hash, find }: ChangedBy,
): Promise<Changed> {
  let result = value;
  const changes: Change[] = [];
  for (const obligation of obligationsOn(side, obligations)) {
    const after = await applyObligation(result, obligation, find);
    changes.push(changeOf(obligation, side, result, after, hash));
    result = after;
  }
  return { result, changes };
}

/** Returns the hash of a text without a key. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
