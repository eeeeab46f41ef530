import { expect, it } from 'vitest';
import { memo } from './memo.js';

it('computes once for each object, also when the result is undefined', () => {
  const seen: object[] = [];
  const first = memo((list: readonly number[]) => {
    seen.push(list);
    return list[0];
  });
  const [one, empty] = [[1, 2], []];
  expect([first(one), first(one), first(empty), first(empty), first([1, 2])]).toEqual([1, 1, undefined, undefined, 1]);
  expect(seen).toHaveLength(3);
});

it('remembers nothing when the computation throws', () => {
  let calls = 0;
  const fails = memo((_: object) => {
    calls += 1;
    throw new Error('no');
  });
  const key = {};
  expect(() => fails(key)).toThrow('no');
  expect(() => fails(key)).toThrow('no');
  expect(calls).toBe(2);
});
