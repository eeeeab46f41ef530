import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { weaknessOf } from './key-strength.js';

describe('a key that is brought in', () => {
  it.each(['hex', 'base64', 'base64url'] as const)('is accepted if it is random, in %s', (form) => {
    for (let i = 0; i < 500; i += 1)
      expect(weaknessOf(randomBytes(form === 'hex' ? 16 : 24).toString(form))).toBe(undefined);
  });

  it.each([
    ['', /empty/],
    ['hunter2', /7 characters, and a key has at least 32/],
    ['x'.repeat(513), /at most 512/],
    [`${'a'.repeat(20)} ${'b'.repeat(20)}`, /no bearer token has/],
    ['a'.repeat(64), /about 0 bits/],
    ['abcdefghijklmnopqrstuvwxyz0123456789', /follows a pattern/],
    ['password'.repeat(8), /repeats itself/],
    ['changeme-changeme-changeme-changeme-', /repeats itself/],
    ['00000000000000000000000000000001', /bits/],
    [`${'k7Q'.repeat(30)}`, /bits/],
  ])('is refused if it is %j', (key, why) => {
    expect(weaknessOf(key)).toMatch(why);
    // A message goes to logs.
    if (key.length > 3) expect(weaknessOf(key)).not.toContain(key);
  });
});
