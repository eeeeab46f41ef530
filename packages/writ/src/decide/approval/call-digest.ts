import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { AccessRequest } from '../request.js';

/**
 * What a proof that covers the call says of it: the action and its arguments, in the one way of writing them (JCS, RFC 8785). They
 * were read as JSON with one reading, so that no two calls are written alike.
 *
 * @example callDigest({ action: { name: 'refund' }, context: { input: { amount: 5 } } }) // 'sha-256:…'
 */
export function callDigest({ action, context }: Pick<AccessRequest, 'action' | 'context'>): string {
  const text = canonicalize({ action: action.name, arguments: context?.input ?? {} }) ?? '';
  return `sha-256:${createHash('sha256').update(text).digest('base64url')}`;
}
