import { expect, it } from 'vitest';
import { after, earliest, seconds, secondsAt, toMillis } from './units.js';

it('converts between seconds and milliseconds', () => {
  expect(toMillis(seconds(90))).toBe(90_000);
  expect(secondsAt(new Date(1_999))).toBe(1);
});

it('adds a duration, and finds the earliest time', () => {
  expect(after(seconds(100), seconds(30))).toBe(130);
  expect(earliest(seconds(7), seconds(3), seconds(5))).toBe(3);
});
