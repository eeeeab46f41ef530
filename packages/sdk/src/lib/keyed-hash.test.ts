import { expect, it } from 'vitest';
import { keyedHash } from './keyed-hash.js';

it('is HMAC-SHA-256 (RFC 4231, test case 2)', () => {
  const hex = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
  expect(keyedHash(Buffer.from('Jefe'))('what do ya want for nothing?')).toBe(
    `hmac-sha256:${Buffer.from(hex, 'hex').toString('base64url')}`,
  );
});
