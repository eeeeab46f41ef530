import { createHash } from 'node:crypto';

/** Returns the SHA-256 of a text in base64url, as JOSE writes it. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
