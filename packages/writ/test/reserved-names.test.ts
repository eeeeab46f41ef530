import { expect, it } from 'vitest';
import { isReserved } from '../src/bundle/reserved-names.js';
import { APPROVE, BREAK_GLASS, DECLASSIFY, TASK_ACTIONS } from '../src/decide/own-actions.js';

it('no tool can have the name of an action of Writ', () => {
  const own = [APPROVE, BREAK_GLASS, DECLASSIFY, ...Object.values(TASK_ACTIONS)];
  expect(own.filter((name) => !isReserved(name))).toEqual([]);
  expect(isReserved('approve_expense')).toBe(false);
});
