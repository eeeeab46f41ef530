import { describe, expect, it } from 'vitest';
import { checkBatchValues, checkValues } from './count-values.js';

const list = (length: number) => Array.from({ length }, (_, i) => i);

describe('the members and items of a request', () => {
  it('are at most 10,000', () => {
    expect(() => checkValues({ context: { input: list(9_998) } })).not.toThrow();
    expect(() => checkValues({ context: { input: list(9_999) } })).toThrow('more than 10000 members and items');
  });

  it('are at most 10,000 of one evaluation, and 25,000 of all, with those that they have in common', () => {
    const context = { input: list(9_000) };
    expect(() => checkBatchValues([{ context }, { context }])).not.toThrow();
    expect(() => checkBatchValues([{ context }, { context }, { context }])).toThrow('more than 25000');
    expect(() => checkBatchValues([{ context: { input: list(10_000) } }])).toThrow('an evaluation has more than 10000');
    expect(() => checkBatchValues(Array.from({ length: 250 }, () => ({ context: { input: list(90) } })))).not.toThrow();
  });
});
