import { createHmac } from 'node:crypto';

/** Returns a function from a text to its keyed hash, `hmac-sha256:` and base64url (RFC 2104, RFC 4648 section 5). */
export function keyedHash(key: Uint8Array): (text: string) => string {
  return (text) => `hmac-sha256:${createHmac('sha256', key).update(text).digest('base64url')}`;
}
