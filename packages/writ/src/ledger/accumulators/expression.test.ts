import { describe, expect, it } from 'vitest';
import { AccumulatorError, LedgerError } from '../errors.js';
import type { LedgerEvent } from '../event.js';
import {
  CONDITION_RESULT,
  DECIMAL_RESULT,
  expression,
  KEY_RESULT,
  TEXTS_RESULT,
  textsIn,
  WHOLE_RESULT,
} from './expression.js';

const event = (input: unknown = { amount: 5, to: ['a', 'b'] }): LedgerEvent => ({
  action: 'pay',
  input,
  labels: [],
  effects: ['money'],
  call: { valuesOf: (role) => (role === 'amount' ? [2, '3'] : role === 'destination' ? ['bank'] : []) },
  data: undefined,
  resource: { type: 'Order', id: 'o' },
  lineage: 'User::"ada"',
  keys: { task: 't', actor: 'a', originator: 'o', resource: 'r', session: 's' },
});
const run = (text: string, gives = KEY_RESULT, seesResult = false) =>
  expression('x', { part: 'p', text, gives, seesResult });

describe('expression', () => {
  it.each([
    ['action + actor + originator + lineage', KEY_RESULT, 'payaoUser::"ada"'],
    ['resource.id', KEY_RESULT, 'o'],
    ['input.amount + 1', WHOLE_RESULT, 6n],
    ['input.amount > 4', CONDITION_RESULT, true],
    ['input.to', TEXTS_RESULT, ['a', 'b']],
    ['1.5', DECIMAL_RESULT, 1.5],
    ['effects.exists(e, e == "money")', CONDITION_RESULT, true],
    // Values by the roles of arguments.
    ['amount', WHOLE_RESULT, 5n],
    ['destinations', TEXTS_RESULT, ['bank']],
    ['targets', TEXTS_RESULT, []],
    // A member of that name is no role.
    ['input.amount', WHOLE_RESULT, 5n],
  ])('%s', (text, gives, expected) => {
    expect(run(text, gives)(event())).toEqual(expected);
  });

  it('sees the result when there is one', () => {
    expect(run('result.charged + input.amount', WHOLE_RESULT, true)(event(), { charged: 2 })).toBe(7n);
    expect(() => run('result.charged', WHOLE_RESULT, false)).toThrow(/there is no variable/);
  });

  it('is worked out for each event', () => {
    const amount = run('input.amount', WHOLE_RESULT);
    const [first, second] = [event({ amount: 1 }), event({ amount: 2 })];
    expect([amount(first), amount(second), amount(first)]).toEqual([1n, 2n, 1n]);
  });

  it.each([
    ['input.', KEY_RESULT, /x: `p` is not CEL/],
    ['imput.amount', KEY_RESULT, /there is no variable/],
    ['action', WHOLE_RESULT, /`p` gives string/],
    ['[1]', TEXTS_RESULT, /`p` gives list<int>/],
    ['1.5', WHOLE_RESULT, /`p` gives double/],
  ])('%s is refused before anything is decided', (text, gives, message) => {
    expect(() => run(text, gives)).toThrow(AccumulatorError);
    expect(() => run(text, gives)).toThrow(message);
  });

  it('fails for an event without the argument', () => {
    expect(() => run('input.fee', WHOLE_RESULT)(event())).toThrow(LedgerError);
  });
});

describe('textsIn', () => {
  it.each([
    ['a', ['a']],
    [
      ['b', 'a', 'b'],
      ['b', 'a'],
    ],
    [[], []],
  ])('%j', (value, expected) => {
    expect(textsIn('x', 'set', value)).toEqual(expected);
  });

  it.each([[5n], [['a', 1]], [undefined], [null]])('refuses %s', (value) => {
    expect(() => textsIn('x', 'set', value)).toThrow(/x: `set` did not give a text/);
  });
});

it('with a loop in a loop is for short lists: a call cannot keep it busy', () => {
  const compiled = run('size(input.a.map(x, size(input.a.filter(y, y == x))))', WHOLE_RESULT);
  const of = (length: number) => compiled(event({ a: Array.from({ length }, (_, i) => `${i}`) }));
  expect(String(of(100))).toBe('100');
  expect(() => of(101)).toThrow('for lists of at most 100 items, and one has 101');
});
