import { expect, expectTypeOf, it } from 'vitest';
import { defined } from './defined.js';

it('drops members that are undefined, and keeps null, false and zero', () => {
  expect(defined({ a: undefined, b: null, c: false, d: 0, e: '' })).toStrictEqual({ b: null, c: false, d: 0, e: '' });
});

it('makes members optional only where they can be undefined', () => {
  const value = defined({ a: 1, b: 'x' as string | undefined });
  expectTypeOf(value.a).toEqualTypeOf<number>();
  expectTypeOf<{ b?: string }>().toExtend<Pick<typeof value, 'b'>>();
});
