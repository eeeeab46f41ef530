import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CedarError } from './errors.js';
import { parseJson } from './json.js';

describe('parseJson', () => {
  it('reads what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        const ours = JSON.stringify(parseJson(text), (_k, v: unknown) => (typeof v === 'bigint' ? Number(v) : v));
        expect(ours).toEqual(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });

  it('accepts exactly what JSON.parse accepts, or less', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:0123456789.eE+-truefalsn \\u\n') }), (text) => {
        let ours = true;
        try {
          parseJson(text);
        } catch (error) {
          expect(error).toBeInstanceOf(CedarError);
          ours = false;
        }
        if (ours) expect(() => JSON.parse(text)).not.toThrow();
      }),
      { numRuns: 5_000 },
    );
  });

  it('keeps integers past 2^53 whole', () => {
    expect(parseJson('[9223372036854775807, -9223372036854775808, 9007199254740991]')).toEqual([
      9223372036854775807n,
      -9223372036854775808n,
      9007199254740991,
    ]);
  });

  it('makes `__proto__` a key like any other', () => {
    const value = parseJson('{"__proto__": {"polluted": true}}') as object;
    expect(Object.hasOwn(value, '__proto__')).toBe(true);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it.each([
    ['a key given twice', '{"a":1,"a":2}'],
    ['a key given twice under an escape', '{"a":1,"\\u0061":2}'],
    ['an empty text', ''],
    ['text after the value', '{} {}'],
    ['a byte order mark', '\uFEFF{}'],
    ['a trailing comma', '[1,]'],
    ['a leading zero', '01'],
    ['a number past the doubles', '1e400'],
    ['a control character', '"\u0001"'],
    ['an unknown escape', '"\\x41"'],
    ['an open string', '"abc'],
    ['deep nesting', '['.repeat(600) + ']'.repeat(600)],
  ])('refuses %s', (_name, text) => {
    expect(() => parseJson(text)).toThrow(CedarError);
  });

  it.each([
    ['keys that differ in case', '{"name":1,"Name":2}'],
    ['NUL in a key', '{"a\\u0000":1}'],
    ['NUL in a value', '"a\\u0000"'],
    ['half a surrogate pair', '"\\ud800"'],
    ['2^53 + 1', '9007199254740993'],
    ['an integer written with an exponent past 2^53', '1e20'],
    ['the key __proto__', '{"__proto__":1}'],
  ])('in wire mode also refuses %s', (_name, text) => {
    expect(() => parseJson(text)).not.toThrow();
    expect(() => parseJson(text, { mode: 'wire' })).toThrow(CedarError);
  });

  it('says where', () => {
    expect.assertions(2);
    try {
      parseJson('{\n  "a": 1,\n  "a": 2\n}');
    } catch (error) {
      expect((error as CedarError).code).toBe('json');
      expect((error as CedarError).position).toEqual({ offset: 14, line: 3, column: 3 });
    }
  });
});

describe('keys that differ in case alone', () => {
  it('are refused on the wire, however many there are and in whatever order', () => {
    const name = fc.constantFrom(
      'a',
      'A',
      'b',
      'B',
      'id',
      'Id',
      'iD',
      'é',
      'É',
      'K',
      '\u212a',
      'k',
      's',
      '\u017f',
      'x',
      '1',
    );
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 14 }), (names) => {
        const text = `{${names.map((key) => `${JSON.stringify(key)}:1`).join(',')}}`;
        const isAmbiguous = new Set(names.map((key) => key.toUpperCase().toLowerCase())).size !== names.length;
        const read = () => parseJson(text, { mode: 'wire' });
        if (isAmbiguous) expect(read).toThrow(/in different case/);
        else expect(Object.keys(read() as object).sort()).toEqual([...names].sort());
        expect(Object.keys(parseJson(text) as object)).toHaveLength(names.length);
      }),
      { numRuns: 1_000 },
    );
  });
});
