import type { Obligation } from '@writ/sdk/authzen';
import { changeOf, isOfTexts, ObligationError, obligationsOn } from '@writ/sdk/obligations';
import { describe, expect, it } from 'vitest';
import { applyObligation } from './changes.js';

const of = (type: string, properties: Readonly<Record<string, unknown>> = {}): Obligation => ({
  id: 'o',
  type,
  properties,
});
const ORDER = { id: 7, amount: 120, lines: [{ price: 1, note: 'a' }, { price: 2 }, { price: 3, note: 'c' }] };

describe('an obligation that is carried out', () => {
  it.each<[string, Obligation, unknown, unknown]>([
    ['caps', of('cap', { path: 'amount', max: 100 }), ORDER, { ...ORDER, amount: 100 }],
    ['leaves what is under a cap', of('cap', { path: 'amount', max: 200 }), ORDER, ORDER],
    ['replaces', of('replace', { path: '$.id', value: null }), ORDER, { ...ORDER, id: null }],
    [
      'replaces at every place',
      of('replace', { path: '$.lines[*].price', value: 0 }),
      ORDER,
      {
        ...ORDER,
        lines: [{ price: 0, note: 'a' }, { price: 0 }, { price: 0, note: 'c' }],
      },
    ],
    ['redacts a field', of('redact', { path: 'id' }), ORDER, { ...ORDER, id: '[redacted]' }],
    ['redacts with a text', of('redact', { path: 'id', with: '***' }), ORDER, { ...ORDER, id: '***' }],
    [
      'redacts a class in all texts, names too',
      of('redact', { class: 'email' }),
      { 'ana@shop.example': ['mail ana@shop.example'] },
      {
        '[redacted]': ['mail [redacted]'],
      },
    ],
    ['drops a field', of('drop-field', { path: 'amount' }), ORDER, { id: 7, lines: ORDER.lines }],
    [
      'drops members of a list, and none beside them',
      of('drop-field', { path: '$.lines[0,2]' }),
      ORDER,
      {
        ...ORDER,
        lines: [{ price: 2 }],
      },
    ],
    ['drops all members of a list', of('drop-field', { path: '$.lines[*]' }), ORDER, { ...ORDER, lines: [] }],
    ['marks a text', of('watermark', { text: 'internal' }), 'report', 'report\ninternal'],
    ['marks an empty text', of('watermark', { text: 'internal' }), '', 'internal'],
    ['changes nothing where the path leads nowhere', of('replace', { path: 'other.deep', value: 1 }), ORDER, ORDER],
    ['drops nothing where the path leads nowhere', of('drop-field', { path: 'other' }), ORDER, ORDER],
  ])('%s', async (_what, obligation, value, expected) => {
    const before = structuredClone(value);
    expect(await applyObligation(value, obligation)).toEqual(expected);
    expect(value).toEqual(before);
  });

  it.each<[string, Obligation, unknown]>([
    ['caps what is no number', of('cap', { path: 'id', max: 1 }), { id: '7' }],
    ['has a cap that is none', of('cap', { path: 'id', max: '1' }), { id: 7 }],
    ['marks what is no text', of('watermark', { path: 'id', text: 'x' }), { id: 7 }],
    ['drops everything', of('drop-field', { path: '$' }), ORDER],
    ['has a path that is none', of('replace', { path: '$[', value: 1 }), ORDER],
    ['is of another type', of('encrypt'), ORDER],
  ])('is an error if it %s', async (_what, obligation, value) => {
    await expect(applyObligation(value, obligation)).rejects.toThrow(ObligationError);
  });

  it('leaves what it does not change the same object', async () => {
    const changed = (await applyObligation(ORDER, of('replace', { path: 'id', value: 1 }))) as typeof ORDER;
    expect(changed.lines).toBe(ORDER.lines);
  });
});

describe('the side that an obligation changes', () => {
  it.each<[string, object, 'input' | 'result']>([
    ['cap', {}, 'input'],
    ['replace', {}, 'input'],
    ['redact', {}, 'result'],
    ['drop-field', {}, 'result'],
    ['watermark', {}, 'result'],
    ['redact', { on: 'input' }, 'input'],
    ['cap', { on: 'result' }, 'result'],
  ])('of a %s with %j is the %s', (type, properties, side) => {
    const obligation = of(type, properties as Readonly<Record<string, unknown>>);
    const other = side === 'input' ? 'result' : 'input';
    expect([obligationsOn(side, [obligation]), obligationsOn(other, [obligation])]).toEqual([[obligation], []]);
  });

  it('is not known of another type: nothing is carried out then', () => {
    expect(() => obligationsOn('input', [of('cap'), of('encrypt')])).toThrow(ObligationError);
  });

  it.each<[string, object, boolean]>([
    ['watermark', {}, true],
    ['redact', { class: 'email' }, true],
    ['redact', { class: 'email', path: 'a' }, false],
    ['redact', {}, false],
    ['replace', {}, false],
  ])('a %s with %j is about whole texts: %s', (type, properties, expected) => {
    expect(isOfTexts(of(type, properties as Readonly<Record<string, unknown>>))).toBe(expected);
  });

  it('goes on the record as hashes of the value before and after, whatever the order of its members', () => {
    const hash = (text: string): string => `<${text}>`;
    expect(changeOf(of('cap'), 'input', { b: 1, a: 2 }, undefined, hash)).toEqual({
      ...{ obligation: 'o', type: 'cap', on: 'input', before: '<{"a":2,"b":1}>', after: '<null>' },
    });
  });
});
