import type { Verdict } from '@writ/sdk/authzen';
import { expect, test } from 'vitest';
import { retryTime } from './retry.js';

const verdict = (result: Verdict['result']): Verdict => ({ result, reasons: [] });
const ENDS = Array.from({ length: 64 }, (_, i) => (i + 1) * 100);

test.each([100, 1_500, 6_400])('the first moment from which on it is permitted is found: %i', (from) => {
  let made = 0;
  const at = retryTime(verdict('deny'), ENDS, (time) => {
    made += 1;
    return verdict(time >= from ? 'allow' : 'deny');
  });
  expect([at, made <= 8]).toEqual([from, true]);
});

test('waiting does not help if the last end changes nothing, or nothing ends', () => {
  expect(retryTime(verdict('deny'), ENDS, () => verdict('deny'))).toBeUndefined();
  expect(retryTime(verdict('deny'), [], () => verdict('allow'))).toBeUndefined();
});

test('a question is better than a denial, and not than a question', () => {
  expect(retryTime(verdict('deny'), [5], () => verdict('step_up'))).toBe(5);
  expect(retryTime(verdict('step_up'), [5], () => verdict('step_up'))).toBeUndefined();
});
