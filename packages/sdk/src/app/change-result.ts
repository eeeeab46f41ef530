import type { Obligation } from '../authzen/decision.js';
import { isObject } from '../lib/is-object.js';
import { type Changed, changeValue } from '../obligations/changes.js';
import { ObligationError } from '../obligations/errors.js';
import { type FindSpans, isOfTexts, obligationsOn } from '../obligations/transform.js';
import { plainOrNothing } from './plain-copy.js';

/**
 * Carries out obligations on what a call returned. A path leads into the JSON of a text.
 *
 * @throws {ObligationError} if one cannot be carried out on it: a path that finds nothing because it looks in the wrong place would hand
 * on what it should have changed
 */
export async function changeResult(
  value: unknown,
  obligations: readonly Obligation[],
  find: FindSpans,
): Promise<Changed> {
  const plain = plainOrNothing(value);
  if (plain === undefined) throw new ObligationError('what the call returned is not JSON, and has to be changed');
  const hasPath = obligationsOn('result', obligations).some((one) => !isOfTexts(one) && leadsInside(one));
  if (!hasPath) return changeValue(plain, obligations, find);
  const { content } = isObject(plain) ? plain : { content: plain };
  if (Array.isArray(content) && content.some((one) => isObject(one) && one.type === 'text'))
    throw new ObligationError('what the call returned is a list of texts, into which no path leads');
  if (typeof plain !== 'string') return changeValue(plain, obligations, find);
  const changed = await changeValue(parsed(plain), obligations, find);
  return { ...changed, result: JSON.stringify(changed.result) };
}

function leadsInside({ properties: { path } }: Obligation): boolean {
  return typeof path === 'string' && path !== '$';
}

/** @throws {ObligationError} if it is not JSON, or would be written as another value */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // It is reported below.
  }
  throw new ObligationError('what the call returned is a text without members, and a member has to be changed');
}
