import { expect, it } from 'vitest';
import { blankRecord } from './blank-record.js';

it('gives each time another record with the names, in their order', () => {
  const names = ['b', 'a "quoted" name', '__proto__'];
  const one = blankRecord(names);
  one.b = 1;
  expect(Object.keys(one)).toEqual(names);
  expect(blankRecord(names).b).toBe(null);
  expect(Object.getPrototypeOf(one)).toBe(Object.prototype);
});
