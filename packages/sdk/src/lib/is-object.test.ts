import { expect, it } from 'vitest';
import { isObject } from './is-object.js';

it.each([
  [{}, true],
  [Object.create(null), true],
  [[], false],
  [null, false],
  [undefined, false],
  ['{}', false],
  [1, false],
])('isObject(%o) is %o', (value, is) => {
  expect(isObject(value)).toBe(is);
});
