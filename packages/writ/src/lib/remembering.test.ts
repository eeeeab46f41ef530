import { expect, it } from 'vitest';
import { remembering } from './remembering.js';

it('computes once for a short text, also where the result is undefined, and each time for a long one', () => {
  const asked: string[] = [];
  const firstDigit = remembering((text) => {
    asked.push(text);
    return /[0-9]/.exec(text)?.[0];
  });
  const long = 'a7'.repeat(100);
  expect(['b', 'a7', 'b', long, long].map(firstDigit)).toEqual([undefined, '7', undefined, '7', '7']);
  expect(asked).toEqual(['b', 'a7', long, long]);
});
