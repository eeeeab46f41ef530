import { describe, expect, it } from 'vitest';
import { decimalText, decimalUnits, total } from './decimal.js';
import { LedgerError } from './errors.js';

describe('decimals', () => {
  it.each([
    ['0', 0n, '0.0'],
    ['12', 120_000n, '12.0'],
    ['12.5', 125_000n, '12.5'],
    ['0.0001', 1n, '0.0001'],
    ['0.1000', 1_000n, '0.1'],
    ['922337203685477.5807', 9_223_372_036_854_775_807n, '922337203685477.5807'],
    [0.3, 3_000n, '0.3'],
    [5n, 50_000n, '5.0'],
  ])('%s is %s ten-thousandths, and %s as text', (value, units, text) => {
    expect(decimalUnits('x', value)).toBe(units);
    expect(decimalText(units)).toBe(text);
  });

  it.each([['-1'], ['1.23456'], ['1e3'], ['.5'], ['5.'], [''], [Number.NaN], [1e21], [0.1 + 0.2], [undefined]])(
    'refuses %s',
    (value) => {
      expect(() => decimalUnits('x', value)).toThrow(LedgerError);
    },
  );
});

describe('total', () => {
  it.each([
    [[], 0n],
    [['12.50'], '12.50'],
    [[7], 7],
    [[1, '2'], 3n],
    [['0.1', '0.2'], '0.3'],
    [['0.5', '0.5'], 1n],
    [['1', 'many'], '1,many'],
  ])('of %j is %s', (amounts, expected) => {
    expect(total(amounts)).toEqual(expected);
  });
});
