import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyWith, readJson, readMarks, withTexts, writeJson, writeMarks } from './exact-json.js';
import { withMarks, withoutMarks } from './number-marks.js';

const numbers = [
  ...['12345678901234567890', '-9007199254740993', '18446744073709551615', '1.0', '-0.0', '-0', '1e400', '1E5', '2e+3'],
  ...['0.0000001', '1.10', '0.12345678901234567890', '100000000000000000000000', '1e-7', '1.5', '0', '-7', '1e21'],
];

describe('numbers in JSON', () => {
  it.each(numbers)('%s keeps its digits', (number) => {
    for (const text of [`{"a":{"n":${number}},"b":[${number},"${number}"]}`, `[[${number}]]`, `{"\\"":${number}}`])
      expect(writeJson(readJson(text))).toBe(text);
  });

  it('are those of JavaScript to everybody who reads them', () => {
    expect(readJson('{"n":12345678901234567890,"f":1.0,"z":-0.0,"t":"1.0"}')).toEqual({
      ...{ n: 12345678901234567000, f: 1, z: -0, t: '1.0' },
    });
    expect(readJson('1.0')).toBe(1);
  });

  it('are written as they are now if they were changed, and in a copy', () => {
    const value = readJson('{"n":1.0,"m":[2.0]}') as { n: number; m: number[] };
    value.n = 3;
    expect(writeJson({ ...value, more: 1 })).toBe('{"n":3,"m":[2.0],"more":1}');
    value.m[0] = 2.5;
    expect(writeJson(value)).toBe('{"n":3,"m":[2.5]}');
  });

  it('are kept in a copy that is made for it', () => {
    expect(writeJson(copyWith(readJson('{"n":1.0,"m":2.0}') as object, { m: 2.5, more: 1 }))).toBe(
      '{"n":1.0,"m":2.5,"more":1}',
    );
  });

  it('are kept in members with any name', () => {
    const text = '{"__proto__":1.0,"constructor":{"toString":2.0},"":3.0}';
    expect(writeJson(readJson(text))).toBe(text);
    expect(({} as Record<string, unknown>).n).toBeUndefined();
  });

  it('are read however deep a text nests', () => {
    expect(readJson(`${'['.repeat(50_000)}1.0${']'.repeat(50_000)}`)).toBeInstanceOf(Array);
  });

  it('go through text and values that others read and write', () => {
    const text = '{"n":1.0,"list":[{"big":12345678901234567890}]}';
    const read = readMarks(JSON.parse(withMarks(text)));
    expect(withoutMarks(JSON.stringify(writeMarks(read)))).toBe(text);
  });

  it('are texts for a reader that does not hold them', () => {
    const value = readJson('{"n":18446744073709551615,"f":1.0,"e":[1e400,1.5],"t":"1"}');
    expect(withTexts(value)).toEqual({ n: '18446744073709551615', f: 1, e: ['1e400', 1.5], t: '1' });
  });

  it.each([
    ['{"s":"a \\ud83d b"}', '{"s":"a \ufffd b"}'],
    ['{"s":"\\udE00\\ud83d"}', '{"s":"\ufffd\ufffd"}'],
    ['{"s":"\\ud83d\\ud83d\\ude00"}', '{"s":"\ufffd😀"}'],
    ['{"s":"\\ud83d\\ude00"}', '{"s":"😀"}'],
    ['{"s":"\\\\ud83d"}', '{"s":"\\\\ud83d"}'],
    ['{"\\ud83d":1}', '{"\ufffd":1}'],
    ['{"s":"\\u0000"}', '{"s":"\\u0000"}'],
  ])('half of a surrogate pair is mended: %s', (text, mended) => {
    expect(writeJson(readJson(text))).toBe(mended);
  });

  it.each(['{"a":01.0}', '{"s":"1.0', '[1.0', '-', '1.0.0', '{"s":"\\ud83d', '"\\', 'NaN', '1.0 2.0'])(
    'what is not JSON stays so: %s',
    (text) => {
      expect(() => readJson(text)).toThrow(SyntaxError);
    },
  );

  it('means what JSON.parse says, whatever the text', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        expect(JSON.parse(writeJson(readJson(text)))).toEqual(JSON.parse(text.replace(/\\u[dD][89a-f]../g, '�')));
      }),
      { seed: 11, numRuns: 300 },
    );
  });
});
