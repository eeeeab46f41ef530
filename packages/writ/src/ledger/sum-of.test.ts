import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { derivedValue } from './derived/derived-type.js';
import { sumOf } from './sum-of.js';

describe('sum()', () => {
  it.each([
    [[], 0n],
    [[1n, 2n, -4n], -1n],
    [[2n ** 60n, 2n ** 60n], 2n ** 61n],
    [[0.1, 0.2], 0.3],
    [[1n, 0.0001], 1.0001],
    [[-0.5, 0.25], -0.25],
    [[5, 5.5], 10.5],
  ])('%#: is %s', (items, sum) => {
    expect(sumOf(items)).toBe(sum);
  });

  it.each([['5'], [null], [undefined], [true], [[1n]], [new Map()], [0.00001], [Number.NaN], [1e300], [1e-7]])(
    'refuses %s, whatever is beside it',
    (item) => {
      expect(() => sumOf([1n, item])).toThrow(/sum\(\) has/);
    },
  );

  it('is exact, in whatever parts it is added up', () => {
    const cents = fc.array(fc.integer({ min: -1e6, max: 1e6 }), { maxLength: 30 });
    fc.assert(
      fc.property(cents, fc.nat(30), (all, at) => {
        const items = all.map((one) => one / 100);
        const parts = [items.slice(0, at), items.slice(at)].map((part) => Number(sumOf(part)));
        const whole = all.reduce((a, b) => a + b, 0) / 100;
        const text = (given: unknown) => JSON.stringify(derivedValue('x', 'decimal', given).cedar);
        expect(text(sumOf(parts))).toBe(text(sumOf(items)));
        expect(Number(sumOf(items))).toBeCloseTo(whole, 9);
      }),
    );
  });
});

describe('a derived value', () => {
  const decimal = (arg: string) => ({ __extn: { fn: 'decimal', arg } });

  it.each([
    ['Long', -5n, -5],
    ['decimal', 0.3 - 0.1, decimal('0.2')],
    ['decimal', -12.5, decimal('-12.5')],
    ['decimal', 7n, decimal('7.0')],
    ['decimal', 0, decimal('0.0')],
    ['decimal', 1234.5678, decimal('1234.5678')],
    ['Bool', false, false],
    ['String', '', ''],
    ['Set<String>', 'a', ['a']],
    ['Set<String>', ['b', 'a', 'b'], ['b', 'a']],
  ] as const)('of the type %s that gave %s is as Cedar has it', (type, given, expected) => {
    expect(derivedValue('x', type, given).cedar).toEqual(expected);
  });

  it.each([
    ['Long', 5],
    ['Long', 2n ** 53n],
    ['Long', '5'],
    ['decimal', 0.00001],
    ['decimal', 2n ** 60n],
    ['decimal', 1e12 + 0.5],
    ['decimal', '1.0'],
    ['Bool', 'true'],
    ['String', 5n],
    ['Set<String>', ['a', 1n]],
    ['Set<String>', null],
  ] as const)('is no %s if it gave %s', (type, given) => {
    expect(() => derivedValue('x', type, given)).toThrow(`that is no ${type}`);
  });
});
