import { expect, it } from 'vitest';
import { messageOf } from './message-of.js';

it.each([
  [new Error('disk full'), 'disk full'],
  [new TypeError(''), ''],
  ['a string', 'a string'],
  [undefined, 'undefined'],
  [{ message: 'no error' }, '[object Object]'],
])('messageOf(%o) is %o', (thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
});
