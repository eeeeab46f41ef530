import { createHash } from 'node:crypto';
import type { AccessRequest } from '@writ/sdk/authzen';
import canonicalize from 'canonicalize';

/**
 * Returns the digest of a call that a proof can cover: of the action and its arguments in canonical form (JCS, RFC 8785). Arguments are
 * read as strict JSON, so that no two calls have one digest.
 *
 * @example callDigest({ action: { name: 'refund' }, context: { input: { amount: 5 } } }) // 'sha-256:…'
 */
export function callDigest({ action, context }: Pick<AccessRequest, 'action' | 'context'>): string {
  const text = canonicalize({ action: action.name, arguments: context?.input ?? {} }) ?? '';
  return `sha-256:${createHash('sha256').update(text).digest('base64url')}`;
}
